import { inTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { appendAudit } from '../audit/index.ts';
import { idToUuid } from '../shared/index.ts';
import { overdueWallets, type DrillParts } from './proof-ages.ts';

const AT_ONCE = 20;
/** Proofs grow old by the day; asking more often costs the database and tells nothing new. */
const INTERVAL_MS = 60_000;
const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;

/** Raises one alarm for each wallet whose proofs have become too old. @returns how many. */
export async function raiseOverdue(parts: DrillParts): Promise<number> {
  return inTransaction(parts.database, async (tx) => {
    const overdue = await overdueWallets(tx, parts, AT_ONCE);
    for (const { wallet, since } of overdue) {
      const raisedAt = new Date(parts.clock.nowMs());
      await tx.recoveryAlarm.create({ data: { walletId: idToUuid(wallet), since, raisedAt } });
      const data = { since: since.toISOString(), limitDays: parts.limitDays };
      await appendAudit(tx, { ...WORKER, action: 'drill.overdue', entity: wallet, after: data }, parts.clock);
      await appendEvent(tx, { type: 'drill.overdue', subject: wallet, customer: null, data }, parts.clock);
    }
    return overdue.length;
  });
}

/** The same as work that is asked for all the time and looks now and then. */
export function proofWatch(parts: DrillParts): () => Promise<number> {
  let lookAgainAtMs = 0;
  return async () => {
    if (parts.clock.nowMs() < lookAgainAtMs) return 0;
    const raised = await raiseOverdue(parts);
    if (raised < AT_ONCE) lookAgainAtMs = parts.clock.nowMs() + INTERVAL_MS;
    return raised;
  };
}
