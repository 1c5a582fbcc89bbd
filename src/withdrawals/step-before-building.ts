import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { crashPoint } from '../shared/index.ts';
import { WithdrawalBooks } from './ledger-books.ts';
import { endUnpaid, moveAll, waitFor } from './group-moves.ts';
import { askAnew } from './park-restricted.ts';
import { WORKER, type Group, type Member, type StepParts } from './withdrawal-parts.ts';
import { requireSameWords } from './withdrawal-store.ts';

/** A change of the intent wakes it earlier. */
const QUEUE_LOOK_MS = 60_000;

const UNFUNDED = {
  insufficient: 'The balance does not cover the amount and the highest network fee.',
  frozen: 'The account is frozen.',
} as const;

/** `requested`: once it is signed, amount and fee cap are held, before anything else is done. */
export async function stepRequested(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  const [{ withdrawal, stored }] = group.members;
  if (stored.state === 'draft') {
    await waitFor(parts, tx, group, QUEUE_LOOK_MS);
    return;
  }
  requireSameWords(withdrawal, stored);
  const held = await new WithdrawalBooks(parts.ledger).hold(withdrawal);
  crashPoint('withdrawal.hold_posted');
  if (held === 'held') {
    await moveAll(parts, tx, group, 'screen');
    return;
  }
  await endUnpaid(parts, tx, group, { command: 'fail', reason: UNFUNDED[held] });
}

/** `screened`: what policy denies is rejected, the rest waits for people. */
export async function stepScreened(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  const [{ stored }] = group.members;
  const outcome = await parts.queue.admit(tx, stored.intent);
  if (outcome.outcome === 'approvals') {
    await moveAll(parts, tx, group, 'queue');
    return;
  }
  // The intent is rejected; the next look ends the withdrawal and lets the hold go.
  await parts.queue.deny(tx, stored.id, WORKER, outcome.reason);
}

export async function stepAwaitingApproval(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
): Promise<void> {
  const [{ stored }] = group.members;
  if (stored.state !== 'approved') {
    await waitFor(parts, tx, group, QUEUE_LOOK_MS);
    return;
  }
  const outcome = await parts.queue.requirement(tx, stored.intent);
  const coolingOffMs = outcome.outcome === 'approvals' ? outcome.coolingOffMs : 0;
  const coolUntil = coolingOffMs > 0 ? new Date(stored.changedAt.getTime() + coolingOffMs) : null;
  await moveAll(parts, tx, group, 'approve', { change: { coolUntil } });
}

/** `approved` and `cooling_off`, until its time to cool off is over. @returns whether it may be built. */
export async function stepCooling(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<boolean> {
  const [{ withdrawal }] = group.members;
  const rest = (withdrawal.coolUntil?.getTime() ?? 0) - parts.clock.nowMs();
  if (rest <= 0) return true;
  if (withdrawal.state === 'approved') await moveAll(parts, tx, group, 'cool');
  else await waitFor(parts, tx, group, Math.min(rest, QUEUE_LOOK_MS));
  return false;
}

/** It is stored as approved, and those who approved it are too few by what has been in force all the time. */
async function alarmUnapproved(parts: StepParts, tx: DatabaseTransaction, { members }: Group): Promise<void> {
  const [{ withdrawal, stored }] = members;
  const text = 'It was stored as approved, and too few people have approved it.';
  const isOther = stored.request?.statement.intentHash !== stored.hash;
  const code = isOther ? 'approval_for_another_intent' : 'approvals_insufficient';
  const alert = { subject: withdrawal.id, code, during: 'withdrawal.step', text };
  await raiseAlert(tx, alert, WORKER, parts.clock);
}

/**
 * `approved` and `cooling_off`, before it is built: policy and manifest may be stricter by now. What they deny is
 * rejected, what too few have approved for is asked anew, what is to rest longer rests. @returns whether it may be
 * built.
 */
export async function stepRecheck(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<boolean> {
  const [{ withdrawal, stored }] = group.members;
  if (stored.state !== 'approved') return true;
  const found = await parts.queue.recheck(tx, stored);
  if (found.verdict === 'denied') {
    await parts.queue.deny(tx, stored.id, WORKER, found.reason);
    return false;
  }
  if (found.verdict === 'unmet') {
    if (!found.explained) await alarmUnapproved(parts, tx, group);
    await askAnew(parts, tx, group, 'The policy asks for more than when it was approved.');
    return false;
  }
  const restMs = found.coolUntilMs - parts.clock.nowMs();
  if (restMs <= 0) return true;
  const change = { coolUntil: new Date(found.coolUntilMs) };
  if (withdrawal.state === 'approved') await moveAll(parts, tx, group, 'cool', { change });
  else await waitFor(parts, tx, group, Math.min(restMs, QUEUE_LOOK_MS));
  return false;
}

/** Whether one that is ready may be built with others: what has to wait or be asked anew does so in its own turn. */
export async function isReadyStill(
  parts: StepParts,
  tx: DatabaseTransaction,
  member: Member,
): Promise<boolean> {
  const found = await parts.queue.recheck(tx, member.stored);
  return found.verdict === 'holds' && found.coolUntilMs <= parts.clock.nowMs();
}
