import type { DatabaseTransaction } from '../database/index.ts';
import { findIntent } from '../approvals/index.ts';
import { explainIntent } from '../intents/index.ts';
import { latestOf, readPayout, type PayoutTransaction } from './payout-store.ts';
import { requireSameWords } from './withdrawal-store.ts';
import type { Withdrawal } from './withdrawal.ts';

function transactionOf(latest: PayoutTransaction | undefined) {
  if (latest === undefined) return null;
  return { txid: latest.txid, feeSatoshis: latest.fee, broadcastAt: latest.broadcastAt };
}

/** A withdrawal as its owner and staff see it. @throws WithdrawalError `withdrawal_damaged`; ApprovalError `queued_intent_damaged`. */
export async function viewWithdrawal(tx: DatabaseTransaction, withdrawal: Withdrawal) {
  const stored = await findIntent(tx, withdrawal.intentId);
  requireSameWords(withdrawal, stored);
  const { id, state, balance, destination, amount, maxFee, payoutId } = withdrawal;
  const latest = payoutId === null ? undefined : latestOf(await readPayout(tx, payoutId));
  const approvals = stored.approvals.filter(({ statement }) => statement.decision === 'approve');
  return {
    ...{ id, state, balance, destination, amount, maxFee },
    wallet: withdrawal.walletId,
    intent: stored.intent,
    intentHash: stored.hash,
    intentState: stored.state,
    explanation: [...explainIntent(stored.intent)],
    approvals: approvals.length,
    transaction: transactionOf(latest),
    leftWallet: state === 'confirmed' ? withdrawal.bookedAmount : null,
    coolUntil: withdrawal.coolUntil,
    endReason: withdrawal.endReason,
    createdAt: withdrawal.createdAt,
    expiresAt: new Date(stored.intent.expiresAt),
  };
}
