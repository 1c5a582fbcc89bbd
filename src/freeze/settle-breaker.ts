import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { parseId } from '../shared/index.ts';
import { askToReset } from './ask-signer.ts';
import type { Breaker } from './breaker.ts';
import { findBreaker, moveBreaker, takeUnsettledBreaker } from './breaker-store.ts';
import { FreezeError } from './errors.ts';
import { EVERYONE, isQuiet } from './in-flight.ts';
import type { SettleQueueParts } from './settle-restrictions.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
/** The signer's witness may take a while. */
const STEP_TIMEOUT_MS = 60_000;

async function record(
  { clock }: Pick<SettleQueueParts, 'clock'>,
  tx: DatabaseTransaction,
  { id, state: before }: Breaker,
  state: string,
  reason?: string,
): Promise<void> {
  const states = { before: { state: before }, after: { state } };
  const entry = { ...WORKER, action: `breaker.${state}`, entity: id, ...states };
  await appendAudit(tx, { ...entry, ...(reason === undefined ? {} : { reason }) }, clock);
}

async function beginReset(parts: SettleQueueParts, tx: DatabaseTransaction): Promise<boolean> {
  const stored = await parts.queue.takeApproved(tx, 'breaker_reset');
  if (stored === undefined) return false;
  const { body } = stored.intent;
  const breaker = await findBreaker(tx, parseId('restriction', body.breaker));
  // Its turn comes when it is in force.
  if (breaker.state === 'freezing') return false;
  if (breaker.state !== 'in_force' || breaker.trippedBy !== body.trippedBy) {
    await parts.queue.deny(tx, stored.id, WORKER, 'There is no such breaker in force.');
    return true;
  }
  await parts.queue.execute(tx, stored.id, WORKER);
  await record(parts, tx, breaker, await moveBreaker(tx, breaker, 'reset', now(parts), stored.id));
  return true;
}

function now({ clock }: Pick<SettleQueueParts, 'clock'>): Date {
  return new Date(clock.nowMs());
}

async function stop(parts: SettleQueueParts, tx: DatabaseTransaction, breaker: Breaker): Promise<void> {
  await parts.signer.tripBreaker({ breaker: breaker.id, trippedBy: breaker.trippedBy });
  if ((await parts.hasUnbooked(tx, null)) || !(await isQuiet(tx, EVERYONE))) {
    throw new FreezeError('restriction_not_acknowledged', 'Something from before is still under way.', {
      retryable: true,
      details: { breaker: breaker.id },
    });
  }
  await record(parts, tx, breaker, await moveBreaker(tx, breaker, 'acknowledge', now(parts)));
}

async function reset(parts: SettleQueueParts, tx: DatabaseTransaction, breaker: Breaker): Promise<void> {
  const refusal = await askToReset(parts, tx, breaker);
  const command = refusal === undefined ? 'acknowledge' : 'refuse';
  await record(parts, tx, breaker, await moveBreaker(tx, breaker, command, now(parts)), refusal);
}

/** Carries the circuit breaker on by one step. May be repeated after a crash anywhere. @returns how many it took. */
export async function settleBreaker(parts: SettleQueueParts): Promise<number> {
  return await inTransaction(
    parts.database,
    async (tx) => {
      if (await beginReset(parts, tx)) return 1;
      const breaker = await takeUnsettledBreaker(tx, now(parts));
      if (breaker === undefined) return 0;
      await (breaker.state === 'releasing' ? reset : stop)(parts, tx, breaker);
      return 1;
    },
    { timeoutMs: STEP_TIMEOUT_MS },
  );
}
