import type { DatabaseTransaction } from '../database/index.ts';
import { findIntent } from '../approvals/index.ts';
import { explainIntent } from '../intents/index.ts';
import { windowOf } from './cold-windows.ts';
import { payingOf, readPayout, type Payout, type PayoutTransaction } from './payout-store.ts';
import type { RequestParts } from './withdrawal-parts.ts';
import { requireSameWords } from './withdrawal-store.ts';
import type { Withdrawal } from './withdrawal.ts';

function summaryOf({ txid, fee, broadcastAt }: PayoutTransaction) {
  return { txid, feeSatoshis: fee, broadcastAt };
}

function transactionOf(payout: Payout | undefined) {
  if (payout === undefined) return null;
  const paying = payingOf(payout);
  const child = payout.transactions.filter(({ childOf }) => childOf === paying.number).at(-1);
  return { ...summaryOf(paying), child: child === undefined ? null : summaryOf(child) };
}

/** A withdrawal as its owner and staff see it. @throws WithdrawalError `withdrawal_damaged`; ApprovalError `queued_intent_damaged`. */
export async function viewWithdrawal(
  parts: Pick<RequestParts, 'clock' | 'coldWindows'>,
  tx: DatabaseTransaction,
  withdrawal: Withdrawal,
) {
  const stored = await findIntent(tx, withdrawal.intentId);
  requireSameWords(withdrawal, stored);
  const { id, state, balance, destination, amount, maxFee, payoutId } = withdrawal;
  const payout = payoutId === null ? undefined : await readPayout(tx, payoutId);
  const window = await windowOf(parts, tx, withdrawal);
  const approvals = stored.approvals.filter(({ statement }) => statement.decision === 'approve');
  return {
    ...{ id, state, balance, destination, amount, maxFee },
    wallet: withdrawal.walletId,
    intent: stored.intent,
    intentHash: stored.hash,
    intentState: stored.state,
    explanation: [...explainIntent(stored.intent)],
    approvals: approvals.length,
    transaction: transactionOf(payout),
    leftWallet: state === 'confirmed' ? withdrawal.bookedAmount : null,
    coolUntil: withdrawal.coolUntil,
    nextColdWindow: window && { opensAt: new Date(window.opensAtMs), closesAt: new Date(window.closesAtMs) },
    endReason: withdrawal.endReason,
    createdAt: withdrawal.createdAt,
    expiresAt: new Date(stored.intent.expiresAt),
  };
}
