import type { NetworkName } from '../bitcoin/index.ts';
import type { Database } from '../database/index.ts';
import type { Manifest } from '../intents/index.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import type { Clock } from '../shared/index.ts';

/** Who is trusted to attest keys: the officers' manifest in force, checked by whoever provides it. */
export type ManifestSource = () => Promise<Manifest>;

/** What the use cases of wallets need. */
export interface WalletParts {
  readonly database: Database;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
  readonly network: NetworkName;
}

/** What giving out addresses needs besides: who is trusted about descriptors. */
export interface AddressParts extends WalletParts {
  readonly manifest: ManifestSource;
}

export { BITCOIN_ASSET } from '../ledger/client/index.ts';
