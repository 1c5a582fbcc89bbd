import { inTransaction, type Database } from '../database/index.ts';
import { idFromUuid, type Clock } from '../shared/index.ts';
import { ApprovalError } from './errors.ts';
import type { ApprovalQueue } from './approval-queue.ts';

const BATCH = 50;
/** A draft that nobody signs is a page left open. */
const DRAFT_LIFETIME_MS = 24 * 3_600_000;
const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;

/**
 * Ends intents whose time is up, and drafts that nobody has signed for a day, each by itself: a damaged one does not
 * keep the others. @returns how many.
 */
export async function expireIntents(
  database: Database,
  queue: ApprovalQueue,
  clock: Clock,
  onFailure: (thrown: unknown) => void,
): Promise<number> {
  const now = new Date(clock.nowMs());
  const oldest = new Date(clock.nowMs() - DRAFT_LIFETIME_MS);
  const due = await database.queuedIntent.findMany({
    where: {
      OR: [
        { state: { in: ['draft', 'open', 'approved'] }, expiresAt: { lte: now } },
        { state: 'draft', createdAt: { lte: oldest } },
      ],
    },
    orderBy: { expiresAt: 'asc' },
    take: BATCH,
    select: { id: true, expiresAt: true },
  });
  let ended = 0;
  for (const { id, expiresAt } of due) {
    const intent = idFromUuid('intent', id);
    try {
      await inTransaction(database, async (tx) => {
        if (expiresAt <= now) await queue.expire(tx, intent, WORKER);
        else await queue.cancel(tx, intent, WORKER, 'It was not signed within a day.');
      });
      ended += 1;
    } catch (thrown) {
      // Signed, decided or ended a moment ago: then there is nothing to do.
      const isSettled = thrown instanceof ApprovalError && thrown.code === 'queued_intent_settled';
      if (!isSettled) onFailure(thrown);
    }
  }
  return ended;
}
