import { inTransaction, type Database } from '../database/index.ts';
import { idFromUuid, type Clock } from '../shared/index.ts';
import type { ApprovalQueue } from './approval-queue.ts';

const BATCH = 50;
/** A draft that nobody signs is a page left open. */
const DRAFT_LIFETIME_MS = 24 * 3_600_000;
const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;

/**
 * Ends intents whose time is up, and drafts that nobody has signed for a day; returns how many. What is locked by
 * somebody who decides just now is left for the next time.
 */
export async function expireIntents(database: Database, queue: ApprovalQueue, clock: Clock): Promise<number> {
  return await inTransaction(database, async (tx) => {
    const now = new Date(clock.nowMs());
    const oldest = new Date(clock.nowMs() - DRAFT_LIFETIME_MS);
    const due = await tx.$queryRaw<{ id: string; is_over: boolean }[]>`
      SELECT id::text, expires_at <= ${now} AS is_over FROM queued_intent
      WHERE (state IN ('draft', 'open', 'approved') AND expires_at <= ${now})
         OR (state = 'draft' AND created_at <= ${oldest})
      ORDER BY expires_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;
    for (const { id, is_over: isOver } of due) {
      const intent = idFromUuid('intent', id);
      if (isOver) await queue.expire(tx, intent, WORKER);
      else await queue.cancel(tx, intent, WORKER, 'It was not signed within a day.');
    }
    return due.length;
  });
}
