import type { NetworkName } from '../bitcoin/index.ts';
import type { SignerRole } from '../intents/index.ts';
import type { Pool, PoolClient } from '../postgres/index.ts';
import { withTransaction } from '../postgres/index.ts';
import type { Clock } from '../shared/index.ts';
import type { Ed25519Key } from './ed25519.ts';
import type { PlatformKeys } from './platform-keys.ts';
import type { WitnessLink } from './witness-link.ts';

/** What every use case of the signer works with. */
export interface SignerParts {
  readonly network: NetworkName;
  /** The first signer, or the second of wallets that two signers spend. */
  readonly role: SignerRole;
  readonly pool: Pool;
  readonly clock: Clock;
  /** Attests keys and receipts, and signs what the witness countersigns. */
  readonly identity: Ed25519Key;
  readonly keys: PlatformKeys;
  readonly witness: WitnessLink;
  /** Hash of manifest number 1, pinned by whoever set up the signer. */
  readonly firstManifestHash: string | undefined;
}

const LOCK = 0x7472_6c73;

/**
 * One transaction at a time, over all processes on this store: what it reads of the record is true until it commits.
 */
export function exclusively<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  return withTransaction(pool, async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    return work(tx);
  });
}
