import { isSettled, type ApprovalQueue, type QueueActor } from '../approvals/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid, type Clock, type IntentId } from '../shared/index.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
const BATCH = 50;
/** People look at the first ones and then search for the others. */
const MAX_ALERTS = 100;

export interface ScreeningParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
}

interface Listing {
  readonly id: string;
  readonly address: string;
  readonly reputation: string;
  readonly source: string;
  readonly reference: string;
}

/** What is on its way is judged by the policy again; what it denies now goes no further. */
async function judgeAgain(parts: ScreeningParts, tx: DatabaseTransaction, id: IntentId): Promise<string> {
  const stored = await parts.queue.lock(tx, id);
  if (isSettled(stored.state)) return `it is ${stored.state}`;
  const outcome = await parts.queue.requirement(tx, stored.intent);
  if (outcome.outcome !== 'deny' || stored.state === 'draft') return `it is ${stored.state}, and goes on`;
  await parts.queue.deny(tx, id, WORKER, outcome.reason);
  return 'it was stopped';
}

async function screen(parts: ScreeningParts, tx: DatabaseTransaction, listing: Listing): Promise<void> {
  const { address, reputation, source, reference } = listing;
  const hits = await tx.policyPayment.findMany({
    where: { address, ended: false },
    orderBy: { judgedAt: 'desc' },
    take: MAX_ALERTS,
    select: { intentId: true, customerId: true },
  });
  for (const hit of hits) {
    const subject = idFromUuid('intent', hit.intentId);
    const customer = idFromUuid('customer', hit.customerId);
    const what = await judgeAgain(parts, tx, subject);
    const text =
      `${customer} pays ${address}, which is ${reputation} since now (${source}, ${reference}); ${what}. ` +
      'Consider a case for the customer.';
    const alert = { subject, code: 'destination_listed', during: 'list.screen', text };
    await raiseAlert(tx, alert, WORKER, parts.clock);
  }
  const found = await tx.deposit.findMany({
    where: { address: { address } },
    orderBy: { detectedAt: 'desc' },
    take: MAX_ALERTS,
    select: { id: true },
  });
  for (const { id } of found) {
    const subject = idFromUuid('deposit', id);
    const text = `It came to ${address}, an address of ours, which is ${reputation} since now (${source}, ${reference}).`;
    await raiseAlert(
      tx,
      { subject, code: 'deposit_listed', during: 'list.screen', text },
      WORKER,
      parts.clock,
    );
  }
}

/**
 * Looks for past and present payments to addresses that were listed meanwhile: people hear of each, and what the
 * policy denies now is stopped where it can be. Each listing once, in a transaction of its own with its alerts; may be
 * repeated after a crash anywhere. @returns how many there were.
 */
export async function screenListed(parts: ScreeningParts): Promise<number> {
  const due = await parts.database.listedAddress.findMany({
    where: { screenedAt: null },
    orderBy: { id: 'asc' },
    take: BATCH,
  });
  for (const listing of due) {
    await inTransaction(parts.database, async (tx) => {
      const { count } = await tx.listedAddress.updateMany({
        where: { id: listing.id, screenedAt: null },
        data: { screenedAt: new Date(parts.clock.nowMs()) },
      });
      if (count === 1) await screen(parts, tx, listing);
    });
  }
  return due.length;
}
