import type { QueueActor } from '../approvals/index.ts';
import { inTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid } from '../shared/index.ts';
import type { SettleParts } from './freeze-parts.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
const BATCH = 100;

/**
 * Tells people, once, of restrictions whose review is due. Nothing is released by that. @returns how many there were.
 */
export async function remindReviews({
  database,
  clock,
}: Pick<SettleParts, 'database' | 'clock'>): Promise<number> {
  return await inTransaction(database, async (tx) => {
    const now = new Date(clock.nowMs());
    const due = await tx.$queryRaw<{ id: string; kind: string; review_at: Date }[]>`
      SELECT id::text, kind, review_at FROM restriction
       WHERE review_at <= ${now} AND NOT review_told AND state <> 'released'
       ORDER BY review_at LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;
    for (const row of due) {
      const subject = idFromUuid('restriction', row.id);
      const text = `The review of this ${row.kind} was due at ${row.review_at.toISOString()}; it stays in force.`;
      const alert = { subject, code: 'review_due', during: 'restriction.review', text };
      await raiseAlert(tx, alert, WORKER, clock);
      await tx.restriction.update({ where: { id: row.id }, data: { reviewTold: true } });
    }
    return due.length;
  });
}
