import { appendAudit } from '../audit/index.ts';
import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { formatSatoshis, newId, satoshis, type Clock, type IntentId, type StaffId } from '../shared/index.ts';
import { BREAKER_FORBIDS, decideBreaker, type Breaker } from './breaker.ts';
import { findBreaker, insertBreaker, lastResetAt, liveBreaker } from './breaker-store.ts';
import { FreezeError } from './errors.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { awaitRequests, EVERYONE } from './in-flight.ts';
import type { RestrictionId } from './restriction.ts';

const HOUR_MS = 3_600_000;
const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

/**
 * Stops what flows out, of every customer: from the commit on the API refuses, the signer follows within moments. One
 * that has tripped already stays as it is. @returns the breaker that stands.
 */
export async function tripBreaker(
  tx: DatabaseTransaction,
  clock: Clock,
  { id, trippedBy, reason }: Pick<Breaker, 'id' | 'trippedBy' | 'reason'>,
  by: QueueActor,
): Promise<Breaker> {
  await awaitRequests(tx, EVERYONE);
  const standing = await liveBreaker(tx);
  if (standing !== undefined) return standing;
  await insertBreaker(tx, { id, trippedBy, reason }, new Date(clock.nowMs()));
  const { actor, strength, requestId } = by;
  const after = { trippedBy, forbids: [...BREAKER_FORBIDS] };
  const entry = { actor, strength, action: 'breaker.trip', entity: id, after, reason };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  const alert = { subject: id, code: 'breaker_tripped', during: 'breaker.trip', text: reason };
  await raiseAlert(tx, alert, by, clock);
  return await findBreaker(tx, id);
}

export interface BreakerWatch {
  readonly database: Database;
  readonly clock: Clock;
  /** What may leave within an hour, in satoshis; undefined: it never trips by itself. */
  readonly limitPerHour: bigint | undefined;
  /** What has left for addresses outside since then, in satoshis. */
  readonly outflowSince: (tx: DatabaseTransaction, since: Date) => Promise<bigint>;
}

/**
 * Trips the breaker when more has left within the last hour, or since it was reset, than may. @returns 1 when it has
 * tripped now.
 */
export async function watchOutflow({
  database,
  clock,
  limitPerHour,
  outflowSince,
}: BreakerWatch): Promise<number> {
  if (limitPerHour === undefined) return 0;
  return await inTransaction(database, async (tx) => {
    if ((await liveBreaker(tx)) !== undefined) return 0;
    const resetAt = (await lastResetAt(tx))?.getTime() ?? 0;
    const since = new Date(Math.max(clock.nowMs() - HOUR_MS, resetAt));
    const outflow = await outflowSince(tx, since);
    if (outflow <= limitPerHour) return 0;
    const amounts = [outflow, limitPerHour].map((amount) => formatSatoshis(satoshis(amount)));
    const reason = `Since ${since.toISOString()} ${amounts[0]} satoshis have left; ${amounts[1]} an hour may.`;
    await tripBreaker(tx, clock, { id: newId('restriction'), trippedBy: 'worker', reason }, WORKER);
    return 1;
  });
}

export interface ResetRequest {
  readonly intent: IntentId;
  readonly breaker: RestrictionId;
  readonly requester: StaffId;
  readonly reason: string;
}

/**
 * Writes down that the breaker is to be reset: whoever asks signs it, others approve.
 * @throws FreezeError `breaker_unknown`, `restriction_step_forbidden`.
 */
export async function requestReset(
  { queue }: Pick<FreezeParts, 'queue'>,
  tx: DatabaseTransaction,
  { intent: id, breaker: breakerId, requester, reason }: ResetRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const { trippedBy, state } = await findBreaker(tx, breakerId);
  decideBreaker(state, 'reset');
  if (trippedBy === requester) {
    throw new FreezeError(
      'restriction_step_forbidden',
      'Whoever tripped the breaker does not ask to reset it.',
    );
  }
  const words = trippedBy === 'worker' ? trippedBy : (trippedBy as StaffId);
  const body = { breaker: breakerId, trippedBy: words, reason };
  return await queue.submit(tx, await queue.draft(tx, { kind: 'breaker_reset', id, requester, body }), by);
}
