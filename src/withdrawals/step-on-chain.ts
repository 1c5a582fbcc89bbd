import { ChainError } from '../chain/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { addSatoshis, crashPoint } from '../shared/index.ts';
import { beginBooking, bookedFor, finishBooking, type PaidGroup } from './book-confirmation.ts';
import { WithdrawalBooks } from './ledger-books.ts';
import { raiseStuck } from './fee-variants.ts';
import { moveAll, waitFor } from './group-moves.ts';
import { childrenOf } from './help-with-child.ts';
import { lostParent, noteChange } from './own-change.ts';
import { changeTransaction, latestOf, type Payout, type PayoutTransaction } from './payout-store.ts';
import { signFirst } from './sign-first.ts';
import { completeLatest } from './step-sign.ts';
import { WORKER, type StepParts } from './withdrawal-parts.ts';

/** How often the chain is asked about a payout; blocks come every ten minutes. */
const CHAIN_LOOK_MS = 5_000;
/** No reorganisation as deep as this is followed without a person. */
const BURIED_BLOCKS = 144;

/** What the chain says of a payout's coins. */
type Fate =
  | { readonly kind: 'unspent' }
  | { readonly kind: 'paid'; readonly by: PayoutTransaction; readonly height: number }
  | { readonly kind: 'conflict'; readonly byTxid: string; readonly height: number };

async function fateOf(parts: StepParts, tx: DatabaseTransaction, payout: Payout): Promise<Fate> {
  const spendings = await parts.wallets.spendings(tx, payout.outpoints);
  const [first] = spendings;
  if (first === undefined) {
    const lost = await lostParent(parts, tx, payout);
    return lost === undefined
      ? { kind: 'unspent' }
      : { kind: 'conflict', byTxid: lost.txid, height: lost.height };
  }
  const own = payout.transactions.find(({ txid }) => txid === first.byTxid);
  const stranger = spendings.find(({ byTxid }) => byTxid !== own?.txid);
  if (own === undefined || stranger !== undefined) {
    const { byTxid, height } = stranger ?? first;
    return { kind: 'conflict', byTxid, height };
  }
  return await withChild(parts, tx, payout, { kind: 'paid', by: own, height: first.height });
}

/**
 * With a child of ours the payout is paid when the child is too, and its fee is that of both. A child whose coin
 * another transaction has spent is no longer one.
 */
async function withChild(
  parts: StepParts,
  tx: DatabaseTransaction,
  payout: Payout,
  paid: Fate & { kind: 'paid' },
): Promise<Fate> {
  const { by } = paid;
  const children = childrenOf(payout, by);
  if (children.length === 0 || by.change === null) return paid;
  const [spending] = await parts.wallets.spendings(tx, [`${by.txid}:${by.change.vout}`]);
  if (spending === undefined) return { kind: 'unspent' };
  const child = children.find(({ txid }) => txid === spending.byTxid);
  if (child === undefined) return paid;
  return { ...paid, by: { ...by, fee: addSatoshis(by.fee, child.fee) } };
}

async function conflict(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
  byTxid: string,
): Promise<void> {
  const reason = 'A coin of it is spent by a transaction that is none of its own, or will never exist.';
  for (const { txid } of group.payout.transactions) await parts.wallets.withholdChange(tx, txid, true);
  await moveAll(parts, tx, group, 'conflict', { reason, data: { byTxid }, change: lookIn(parts) });
  await alertOf(parts, tx, group, 'payout_conflict', reason);
}

/** Operators hear of what is for people: coins are gone, and whose loss it is no program decides. */
async function alertOf(
  { clock }: StepParts,
  tx: DatabaseTransaction,
  { members }: PaidGroup,
  code: string,
  text: string,
): Promise<void> {
  for (const { withdrawal } of members) {
    await raiseAlert(tx, { subject: withdrawal.id, code, during: 'withdrawal.step', text }, WORKER, clock);
  }
}

function lookIn(parts: StepParts, ms = CHAIN_LOOK_MS): { readonly lookAt: Date } {
  return { lookAt: new Date(parts.clock.nowMs() + ms) };
}

async function send(
  parts: StepParts,
  tx: DatabaseTransaction,
  payout: Payout,
  sent: PayoutTransaction,
): Promise<void> {
  const { number, transaction } = sent;
  if (transaction === null) return;
  crashPoint('withdrawal.before_broadcast');
  await parts.node.broadcast(transaction);
  crashPoint('withdrawal.after_broadcast');
  await changeTransaction(tx, payout, number, { broadcastAt: new Date(parts.clock.nowMs()) });
  await noteChange(parts, tx, payout, sent);
}

/**
 * `platform_signed`: the bytes are stored; the hold is posted, and they are sent. Nodes that have no room for them are
 * asked again and again, and meanwhile the fee can be raised.
 */
export async function stepPlatformSigned(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
): Promise<void> {
  const { payout, members } = group;
  const fate = await fateOf(parts, tx, payout);
  const books = new WithdrawalBooks(parts.ledger);
  for (const { withdrawal } of members) await books.broadcast(withdrawal);
  crashPoint('withdrawal.broadcast_booked');
  if (fate.kind === 'conflict') {
    await conflict(parts, tx, group, fate.byTxid);
    return;
  }
  if (await completeRaised(parts, tx, group)) return;
  if (fate.kind === 'unspent' && (await raiseStuck(parts, tx, payout))) return;
  const whole = wholeOf(payout) ?? latestOf(payout);
  if (fate.kind === 'unspent') await send(parts, tx, payout, whole);
  await moveAll(parts, tx, group, 'broadcast', { data: { txid: whole.txid } });
}

/** The latest that pays the withdrawals and is complete; a higher fee counts when it is signed. */
function wholeOf({ transactions }: Payout): PayoutTransaction | undefined {
  return transactions.filter(({ transaction, childOf }) => transaction !== null && childOf === null).at(-1);
}

/** Carries a higher fee through that the cosigner has signed. @returns whether there was one. */
async function completeRaised(parts: StepParts, tx: DatabaseTransaction, group: PaidGroup): Promise<boolean> {
  const latest = latestOf(group.payout);
  if (latest.transaction !== null) return false;
  if (latest.cosigned === null) return await signFirst(parts, tx, group);
  await completeLatest(parts, tx, group);
  await waitFor(parts, tx, group, 0);
  return true;
}

/** Only ever the same bytes: whatever was lost, no second transaction comes of it. */
async function keepInMempool(parts: StepParts, tx: DatabaseTransaction, payout: Payout): Promise<void> {
  const final = wholeOf(payout);
  if (final === undefined) return;
  await keepOne(parts, tx, payout, final);
  const child = childrenOf(payout, final).at(-1);
  if (child !== undefined) await keepOne(parts, tx, payout, child);
}

/** Already in a block that the follower has not reached, or thrown out by a conflict that it will report. */
export function isSpentAlready(thrown: unknown): boolean {
  return thrown instanceof ChainError && thrown.details['reason'] === 'inputs_missing_or_spent';
}

async function keepOne(
  parts: StepParts,
  tx: DatabaseTransaction,
  payout: Payout,
  final: PayoutTransaction,
): Promise<void> {
  if (final.broadcastAt !== null && (await parts.node.mempoolEntry(final.txid)) !== undefined) return;
  try {
    await send(parts, tx, payout, final);
  } catch (thrown) {
    if (!isSpentAlready(thrown)) throw thrown;
  }
}

/** `broadcast`: waits for a block, keeps the transaction in the mempool, and carries a fee bump through. */
export async function stepBroadcast(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
): Promise<void> {
  const { payout } = group;
  if (payout.begun !== null) {
    await finishBooking(parts, tx, group);
    return;
  }
  const fate = await fateOf(parts, tx, payout);
  if (fate.kind === 'paid') {
    const { by, height } = fate;
    crashPoint('withdrawal.confirmation_seen');
    await beginBooking(parts, tx, group, { kind: 'confirm', txid: by.txid, height, fee: by.fee });
    return;
  }
  if (fate.kind === 'conflict') {
    await conflict(parts, tx, group, fate.byTxid);
    return;
  }
  if (await completeRaised(parts, tx, group)) return;
  await keepInMempool(parts, tx, payout);
  if (await raiseStuck(parts, tx, payout)) return;
  await waitFor(parts, tx, group, CHAIN_LOOK_MS);
}

/** `confirmed`: until it is buried, a reorganisation may take it back. */
export async function stepConfirmed(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
): Promise<void> {
  if (group.payout.begun !== null) {
    await finishBooking(parts, tx, group);
    return;
  }
  const fate = await fateOf(parts, tx, group.payout);
  const [{ withdrawal }] = group.members;
  const isSame = fate.kind === 'paid' && bookedFor(parts, group, fate.by.fee) === withdrawal.bookedAmount;
  if (isSame) {
    const { height } = await parts.node.tip();
    const isBuried = height - fate.height + 1 >= BURIED_BLOCKS;
    await waitFor(parts, tx, group, isBuried ? null : CHAIN_LOOK_MS);
    return;
  }
  await beginBooking(parts, tx, group, { kind: 'unconfirm' });
}

/**
 * `replaced`: a person has to find out why; if the block goes, our own transaction counts again. Once it is buried it
 * will not: then operators are told so, once, and the hold stays in flight until they book who bears the loss.
 */
export async function stepReplaced(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: PaidGroup,
): Promise<void> {
  const fate = await fateOf(parts, tx, group.payout);
  if (fate.kind === 'conflict') {
    const { height } = await parts.node.tip();
    const isBuried = height - fate.height + 1 >= BURIED_BLOCKS;
    if (isBuried) {
      const text =
        'The conflict is buried: it will not be paid by its transaction, and its hold is in flight.';
      await alertOf(parts, tx, group, 'payout_conflict_buried', text);
    }
    await waitFor(parts, tx, group, isBuried ? null : CHAIN_LOOK_MS);
    return;
  }
  for (const { txid } of group.payout.transactions) await parts.wallets.withholdChange(tx, txid, false);
  await moveAll(parts, tx, group, 'reinstate', { reason: 'The conflicting transaction has left the chain.' });
}
