import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Clock, Id } from '../shared/index.ts';
import { changeBooks, readDeposit } from './deposit-store.ts';
import type { Deposit, DepositState } from './deposit.ts';
import { DepositError } from './errors.ts';

/** Before a credit, or after it was taken back. What is in a balance is stopped by freezing the account. */
const MAY_BE_SET_ASIDE: ReadonlySet<DepositState> = new Set([
  'detected',
  'confirming',
  'dropped',
  'reversed',
]);

/**
 * Sets a deposit aside, so that it goes to suspense in place of its owner's balance. One that is set aside already
 * stays as it is. The reason goes to the audit log alone: its owner does not read it.
 * @throws DepositError `deposit_unknown`, `deposit_step_forbidden` (it is credited, or just being credited),
 * `deposit_changed_meanwhile`.
 */
export async function quarantineDeposit(
  tx: DatabaseTransaction,
  clock: Clock,
  id: Id<'deposit'>,
  by: QueueActor,
  reason: string,
): Promise<Deposit> {
  const deposit = await readDeposit(tx, id);
  if (deposit.quarantine !== null) return deposit;
  const isBeingCredited = deposit.begun?.step === 'credit' || deposit.begun?.step === 'recredit';
  if (!MAY_BE_SET_ASIDE.has(deposit.state) || isBeingCredited) {
    throw new DepositError('deposit_step_forbidden', 'The deposit is credited already; freeze the account.', {
      details: { state: deposit.state, step: 'quarantine' },
    });
  }
  const now = new Date(clock.nowMs());
  await changeBooks(tx, deposit, { quarantine: 'review', nextStepAt: now });
  const { actor, strength, requestId } = by;
  await appendAudit(
    tx,
    {
      ...{ actor, strength, action: 'deposit.set_aside', entity: id, reason },
      before: { state: deposit.state, quarantine: null },
      after: { state: deposit.state, quarantine: 'review' },
      ...(requestId === undefined ? {} : { requestId }),
    },
    clock,
  );
  return readDeposit(tx, id);
}
