import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NetworkName } from '../bitcoin/index.ts';
import type { SignerRole } from '../intents/index.ts';
import {
  createSlotKey,
  KeyringError,
  openFileSlots,
  type MasterPublicKey,
  type Masters,
} from '../keyring/index.ts';
import { openPool, type PostgresConfig } from '../postgres/index.ts';
import type { Clock } from '../shared/index.ts';
import { addAlert } from './alert-store.ts';
import { isDomainError } from '../shared/index.ts';
import { eraseFrozenKeys } from './deep-freeze.ts';
import { requireInStep } from './in-step.ts';
import { loadKeyFile } from './key-file.ts';
import { attestationKeyOf, platformKeys } from './platform-keys.ts';
import { sealSigner } from './seal-and-resume.ts';
import { signerMethods } from './signer-methods.ts';
import type { SignerParts } from './signer-parts.ts';
import { signerStatus } from './signer-status.ts';
import { recordDamage } from './verify-record.ts';
import type { callWire } from './wire/wire-client.ts';
import { witnessLink } from './witness-link.ts';

export interface SignerPlan {
  readonly network: NetworkName;
  /** Default: the first signer. */
  readonly role?: SignerRole;
  readonly database: PostgresConfig;
  /** The signer's own: its attestation key, the slots of its platform keys, and their wrapped copies. */
  readonly directory: string;
  /** Two places or more for the wrapped copies; made keys are refused while they are missing. */
  readonly backupSites: readonly string[];
  readonly masters: Masters | undefined;
  /** Public half of the officers' disaster key. */
  readonly disaster?: MasterPublicKey;
  readonly witness: Parameters<typeof callWire>[0];
  readonly firstManifestHash: string | undefined;
  readonly clock: Clock;
}

const IDENTITY_FILE = 'attestation-key.pem';

/**
 * The public half of the key with which the signer of a directory attests; made at the first call. Officers put it
 * into the manifest. @throws SignerError `signer_file_damaged`.
 */
export async function signerAttestationKey(directory: string) {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return attestationKeyOf(await loadKeyFile(directory, IDENTITY_FILE, 'signer_file_damaged'));
}

async function openSlots(directory: string) {
  const slots = join(directory, 'slots');
  const keyFile = join(directory, 'slot-key');
  await mkdir(slots, { recursive: true, mode: 0o700 });
  await createSlotKey(keyFile).catch((thrown: unknown) => {
    if (!(thrown instanceof KeyringError) || thrown.code !== 'file_exists') throw thrown;
  });
  return openFileSlots(slots, keyFile);
}

/** What was found in a tampered table goes into a log: no control characters, and not at length. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, ' ').slice(0, 200);
}

/** At its start the signer compares itself with its witness, and says in its log when that keeps it sealed. */
async function compareAtStart(parts: SignerParts): Promise<void> {
  const damage = await recordDamage(parts.pool, parts.identity);
  if (damage !== undefined)
    await sealSigner(parts, { reason: plain(`The record was tampered with: ${damage}`) });
  try {
    await requireInStep(parts);
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    await addAlert(parts.pool, {
      atMs: parts.clock.nowMs(),
      kind: 'sealed',
      method: 'start',
      text: thrown.message,
      details: { ...thrown.details, code: thrown.code },
    });
  }
}

/** Opens the platform signer over its directory, its database and its witness. */
export async function openSigner(plan: SignerPlan) {
  const { network, directory, clock, firstManifestHash, role = 'platform' } = plan;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const identity = await loadKeyFile(directory, IDENTITY_FILE, 'signer_file_damaged');
  const envelopeDirectory = join(directory, 'envelopes');
  await mkdir(envelopeDirectory, { recursive: true, mode: 0o700 });
  const { backupSites, masters, disaster } = plan;
  const slots = await openSlots(directory);
  const pool = openPool(plan.database, { maxConnections: 5, applicationName: 'trilock signer' });
  const wraps = { envelopeDirectory, backupSites, masters, disaster };
  const keys = platformKeys({ network, role, identity, slots, ...wraps });
  const witness = witnessLink(plan.witness);
  const parts = { network, role, pool, clock, identity, keys, witness, firstManifestHash };
  try {
    await eraseFrozenKeys(parts);
    await compareAtStart(parts);
  } catch (thrown) {
    await pool.end();
    throw thrown;
  }
  return {
    methods: signerMethods(parts),
    status: () => signerStatus(parts),
    close: () => pool.end(),
  };
}
