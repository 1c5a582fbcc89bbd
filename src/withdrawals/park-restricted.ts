import type { DatabaseTransaction } from '../database/index.ts';
import { restrictedAmong } from '../freeze/index.ts';
import { moveAll, unbuild, waitFor } from './group-moves.ts';
import { WORKER, type Group, type Member, type StepParts } from './withdrawal-parts.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** How long until a parked one looks whether its customer may pay again. */
const PARKED_LOOK_MS = 5_000;
const BECAUSE = 'The account was restricted.';

/** From here on a platform signature may have left: it goes on, and people hear of it when the account is frozen. */
const TOO_LATE: readonly WithdrawalState[] = ['platform_signed', 'broadcast', 'confirmed', 'replaced'];

/** Those whose customers may not withdraw at the moment. */
export async function restrictedMembers(
  tx: DatabaseTransaction,
  members: readonly Member[],
): Promise<readonly Member[]> {
  const customers = members.map(({ withdrawal }) => withdrawal.customerId);
  const restricted = await restrictedAmong(tx, customers, 'withdraw');
  return members.filter(({ withdrawal }) => restricted.has(withdrawal.customerId));
}

/** What was approved before does not count any more: people decide anew, knowing what has happened. */
export async function askAnew(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
  because: string,
): Promise<void> {
  const [member] = group.members;
  const stored = await parts.queue.void(tx, member.stored.id, WORKER, because);
  const anew: Group = { payout: null, members: [{ withdrawal: member.withdrawal, stored }] };
  await moveAll(parts, tx, anew, 'park', { reason: because, change: { coolUntil: null } });
}

/** A single one that has no payout waits where it is; what was approved waits for approvals again. */
async function park(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  const [{ withdrawal, stored }] = group.members;
  if (withdrawal.state === 'approved' || withdrawal.state === 'cooling_off') {
    await askAnew(parts, tx, group, BECAUSE);
    return;
  }
  if (stored.approvals.length > 0) await parts.queue.void(tx, stored.id, WORKER, BECAUSE);
  await waitFor(parts, tx, group, PARKED_LOOK_MS);
}

/**
 * Keeps what a restricted customer asked for from going on. What is half signed the signer gives up for good; a
 * payout that others share is built anew without it, and their approvals stay. @returns whether it did; what a
 * platform signature may have left for goes on.
 */
export async function parkRestricted(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
): Promise<boolean> {
  const [{ withdrawal }] = group.members;
  if (TOO_LATE.includes(withdrawal.state)) return false;
  if ((await restrictedMembers(tx, group.members)).length === 0) return false;
  const { payout, members } = group;
  if (payout !== null) return await unbuild(parts, tx, { payout, members }, BECAUSE);
  await park(parts, tx, group);
  return true;
}
