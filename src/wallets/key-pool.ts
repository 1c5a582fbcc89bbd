import { Gauge, type Registry } from 'prom-client';
import { BitcoinError } from '../bitcoin/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import {
  IntentError,
  parseKeyAttestation,
  verifyKeyAttestation,
  type KeyAttestation,
  type Manifest,
} from '../intents/index.ts';
import type { Clock } from '../shared/index.ts';
import { addAccountKey, type AttestedKey } from './account-keys.ts';
import { WalletError } from './errors.ts';
import { record, type Cause } from './wallet-audit.ts';

const POOL_ROLES = ['cold', 'backup'] as const;
type PoolRole = (typeof POOL_ROLES)[number];

/** A pool file is read whole. A station makes some thousands of keys at once. */
const MAX_POOL_KEYS = 20_000;
/** With fewer keys than this in a pool, officers are told to make more; each opening takes one of each. */
export const LOW_POOL = 20;

function isPoolRole(role: string): role is PoolRole {
  return (POOL_ROLES as readonly string[]).includes(role);
}

function malformed(reason: string): WalletError {
  return new WalletError('pool_file_malformed', 'This is not a pool of attested keys.', {
    details: { reason },
  });
}

/** Reads the public half of a pool: an array of attestations, or an object whose `keys` is one. */
function attestationsOf(file: unknown): readonly KeyAttestation[] {
  const isObject = typeof file === 'object' && file !== null && !Array.isArray(file);
  const list: unknown = isObject && 'keys' in file ? file.keys : file;
  if (!Array.isArray(list) || list.length === 0) throw malformed('no keys');
  if (list.length > MAX_POOL_KEYS) throw malformed(`more than ${MAX_POOL_KEYS} keys`);
  return list.map((entry, index) => {
    try {
      return parseKeyAttestation(entry);
    } catch (thrown) {
      if (thrown instanceof IntentError) throw malformed(`key ${index + 1}: ${thrown.message}`);
      throw thrown;
    }
  });
}

async function checkKey(
  attestation: KeyAttestation,
  index: number,
  manifest: Manifest,
): Promise<AttestedKey> {
  const { role, origin } = attestation.statement;
  const refuse = (reason: string, cause?: unknown): WalletError =>
    new WalletError('pool_key_refused', `Key ${index + 1} of the pool is not accepted.`, {
      details: { key: index + 1, origin, reason },
      cause,
    });
  if (!isPoolRole(role)) throw refuse(`the role ${role} has no pool`);
  const trusted = manifest.attestationKeys[role];
  try {
    return { attestation, key: await verifyKeyAttestation(attestation, trusted, manifest.network) };
  } catch (thrown) {
    if (thrown instanceof IntentError || thrown instanceof BitcoinError) throw refuse(thrown.code, thrown);
    throw thrown;
  }
}

/**
 * Takes in the keys of a pool file, all or none. Every attestation and proof of possession is checked against the
 * manifest; a key that was here before, in whatever role, stops the import.
 * @throws WalletError `pool_file_malformed`, `pool_key_refused`, `pool_key_known`.
 */
export async function importPool(
  parts: { readonly database: Database; readonly clock: Clock },
  file: unknown,
  manifest: Manifest,
  cause: Cause,
): Promise<Readonly<Record<PoolRole, number>>> {
  const keys: AttestedKey[] = [];
  for (const [index, attestation] of attestationsOf(file).entries()) {
    keys.push(await checkKey(attestation, index, manifest));
  }
  const counts = { cold: 0, backup: 0 };
  for (const { attestation } of keys) {
    const { role } = attestation.statement;
    if (isPoolRole(role)) counts[role]++;
  }
  const now = new Date(parts.clock.nowMs());
  await inTransaction(
    parts.database,
    async (tx) => {
      for (const key of keys) await addAccountKey(tx, key, { now, walletId: null });
      const sources = [...new Set(keys.map(({ attestation }) => attestation.statement.source))];
      await record(tx, parts.clock, cause, 'pool.import', 'key-pool', {
        ...counts,
        network: manifest.network,
        manifest: manifest.number,
        sources,
      });
    },
    // Ten thousand rows, on a machine that has other work too.
    { timeoutMs: 600_000 },
  );
  return counts;
}

/** How many keys each pool still has. */
export async function poolLevels(
  tables: Database | DatabaseTransaction,
  network: Manifest['network'],
): Promise<Readonly<Record<PoolRole, number>>> {
  const groups = await tables.accountKey.groupBy({
    by: ['role'],
    where: { network, state: 'available' },
    _count: true,
  });
  const count = (role: PoolRole): number => groups.find((group) => group.role === role)?._count ?? 0;
  return { cold: count('cold'), backup: count('backup') };
}

/** The roles whose pools have fewer than {@link LOW_POOL} keys: what the alarm names. */
export function lowPools(levels: Readonly<Record<PoolRole, number>>): readonly PoolRole[] {
  return POOL_ROLES.filter((role) => levels[role] < LOW_POOL);
}

/** `trilock_pool_keys{role}`, read when scraped. */
export function registerPoolMetric(
  registry: Registry,
  levels: () => Promise<Readonly<Record<PoolRole, number>>>,
): void {
  new Gauge({
    name: 'trilock_pool_keys',
    help: `Attested keys that no wallet has taken yet; fewer than ${LOW_POOL} is low`,
    labelNames: ['role'],
    registers: [registry],
    async collect() {
      const current = await levels();
      for (const role of POOL_ROLES) this.set({ role }, current[role]);
    },
  });
}
