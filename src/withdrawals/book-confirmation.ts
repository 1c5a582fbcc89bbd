import type { DatabaseTransaction } from '../database/index.ts';
import { feeBearerOf, shareFee, withdrawalIntentOf } from '../intents/index.ts';
import { crashPoint, satoshis, type Satoshis } from '../shared/index.ts';
import { moveAll, waitFor } from './group-moves.ts';
import { WithdrawalBooks } from './ledger-books.ts';
import { begunColumns, changePayout, latestOf, type BegunBooking, type Payout } from './payout-store.ts';
import type { Group, StepParts } from './withdrawal-parts.ts';

export type PaidGroup = Group & { readonly payout: Payout };

/** How soon the chain is asked again about what has been booked. */
const NEXT_LOOK_MS = 5_000;

/**
 * Writes down what is about to be booked; the next step books it. Between the two a process may die and the chain may
 * move: the same is booked all the same, and undone by a later step if it is not so any more. What is booked under one
 * number is therefore always one amount.
 */
export async function beginBooking(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
  begun: BegunBooking,
): Promise<void> {
  await changePayout(tx, group.payout, begunColumns(begun));
  await waitFor(parts, tx, group, 0);
}

/** Books what was begun. @throws WithdrawalError `ledger_refused`. */
export async function finishBooking(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
): Promise<void> {
  const { begun } = group.payout;
  if (begun === null) throw new RangeError('nothing was begun');
  if (begun.kind === 'confirm') await confirm(parts, tx, group, begun);
  else await unconfirm(parts, tx, group);
  await changePayout(tx, group.payout, begunColumns(null));
}

async function confirm(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
  { txid, height, fee }: BegunBooking & { readonly kind: 'confirm' },
): Promise<void> {
  const books = new WithdrawalBooks(parts.ledger);
  const { members, payout } = group;
  // A child that nobody has signed in time is not needed any more, and the change is free.
  if (latestOf(payout).transaction === null) await parts.wallets.release(tx, payout.id);
  const shares = sharesOf(parts, group, fee);
  const left = new Map<string, Satoshis>();
  for (const [index, { withdrawal }] of members.entries()) {
    const { id, amount, maxFee, bookedAmount, confirmedCycle } = withdrawal;
    const leaves = satoshis(amount + (shares[index] ?? 0n));
    const reserved = bookedAmount ?? amount + maxFee;
    if (leaves > reserved) await books.topUp(withdrawal, leaves - reserved, confirmedCycle + 1);
    await books.confirm(withdrawal, leaves, reserved > leaves ? reserved : leaves, confirmedCycle + 1);
    left.set(id, leaves);
  }
  crashPoint('withdrawal.confirmation_booked');
  await moveAll(parts, tx, group, 'confirm', {
    changeOf: ({ withdrawal }) => ({
      bookedAmount: left.get(withdrawal.id) ?? null,
      confirmedCycle: withdrawal.confirmedCycle + 1,
      lookAt: new Date(parts.clock.nowMs() + NEXT_LOOK_MS),
    }),
    data: { txid, height: height.toString(), feeSatoshis: fee.toString() },
  });
}

async function unconfirm(parts: StepParts, tx: DatabaseTransaction, group: PaidGroup): Promise<void> {
  const books = new WithdrawalBooks(parts.ledger);
  for (const { withdrawal } of group.members) {
    await books.unconfirm(withdrawal, withdrawal.bookedAmount ?? 0n, withdrawal.confirmedCycle);
  }
  const reason = 'A reorganisation has taken its block from the chain.';
  await moveAll(parts, tx, group, 'unconfirm', { reason });
}

/** What the first member would have booked at such a fee. */
export function bookedFor(parts: StepParts, group: Group, fee: Satoshis): bigint {
  const [share = 0n] = sharesOf(parts, group, fee);
  return group.members[0].withdrawal.amount + share;
}

/** What each member bears of a fee. */
function sharesOf({ network }: StepParts, { members }: Group, fee: Satoshis): readonly Satoshis[] {
  return shareFee(
    fee,
    members.map(({ stored }) => feeBearerOf(withdrawalIntentOf(stored.intent), network)),
  );
}
