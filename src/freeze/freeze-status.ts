import type { Database } from '../database/index.ts';
import { freezeStatusSchema, type FreezeStatus } from '../intents/index.ts';
import { canonicalJson, type Clock } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { FreezingSigner } from './freeze-parts.ts';
import type { Tables } from './restriction-store.ts';

/** Stations take one of the last 24 hours; what is carried to them should know of what happened just before. */
const RENEW_MS = 10 * 60_000;

/** The newest of each signer, as it was signed; stations check it themselves. @throws FreezeError `freeze_status_missing`. */
export async function readFreezeStatus(tables: Tables): Promise<FreezeStatus> {
  const row = await tables.freezeStatus.findFirst({ orderBy: { issuedAt: 'desc' } });
  if (row !== null) return freezeStatusSchema.parse(JSON.parse(row.document));
  throw new FreezeError('freeze_status_missing', 'The signer has given no freeze status yet.');
}

async function keep(database: Database, status: FreezeStatus): Promise<void> {
  const { statement, attestedBy } = status;
  if (attestedBy.algorithm !== 'ed25519') throw new RangeError('a machine attests with Ed25519');
  const signer = attestedBy.raw;
  const data = {
    number: BigInt(statement.number),
    issuedAt: new Date(statement.issuedAt),
    document: canonicalJson(status),
  };
  const { count } = await database.freezeStatus.updateMany({
    where: { signer, number: { lt: data.number } },
    data,
  });
  // Another worker may have kept a newer one meanwhile.
  if (count === 0)
    await database.freezeStatus.createMany({ data: { signer, ...data }, skipDuplicates: true });
}

/**
 * Work for the loop: has the signer say now and then what it refuses, for stations. Its first one comes at once.
 * @returns how many were taken.
 */
export function freezeStatusWork({
  database,
  clock,
  signer,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly signer: Pick<FreezingSigner, 'freezeStatus'>;
}): () => Promise<number> {
  let renewAtMs = 0;
  return async () => {
    const nowMs = clock.nowMs();
    // Also when the clock was put back.
    if (nowMs < renewAtMs && renewAtMs - nowMs <= RENEW_MS) return 0;
    await keep(database, await signer.freezeStatus());
    renewAtMs = nowMs + RENEW_MS;
    return 1;
  };
}
