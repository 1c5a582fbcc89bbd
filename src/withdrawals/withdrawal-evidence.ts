import { z } from 'zod';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  entitledIntentSchema,
  registrationReceiptSchema,
  signingReceiptSchema,
  walletRegistrationSchema,
  type SigningBundle,
  type SigningReceipt,
  type WithdrawalEvidence,
} from '../intents/index.ts';
import { findIntent, type ApprovalQueue } from '../approvals/index.ts';
import { canonicalJson, idToUuid, type JsonValue, type WalletId } from '../shared/index.ts';
import { WithdrawalError } from './errors.ts';
import { readPayout, type PayoutTransaction } from './payout-store.ts';
import type { Withdrawal } from './withdrawal.ts';

const keptSchema = z.strictObject({
  intents: z.array(entitledIntentSchema),
  receipt: signingReceiptSchema,
});

/** What is kept of a bundle when the signer has signed it: the intents just as it saw them, and its word. */
export function keptEvidence({ intents }: SigningBundle, receipt: SigningReceipt): string {
  return canonicalJson({ intents, receipt } as unknown as JsonValue);
}

function damaged(id: string, cause?: unknown): never {
  throw new WithdrawalError('withdrawal_damaged', 'What is stored of this withdrawal cannot be read.', {
    details: { withdrawal: id },
    cause,
  });
}

async function walletOf(tx: DatabaseTransaction, id: WalletId): Promise<WithdrawalEvidence['wallet']> {
  const { registration, receipt } = await tx.wallet.findUniqueOrThrow({ where: { id: idToUuid(id) } });
  return {
    registration: walletRegistrationSchema.parse(JSON.parse(registration ?? '')),
    receipt: registrationReceiptSchema.parse(JSON.parse(receipt ?? '')),
  };
}

/** A finished transaction that pays the withdrawal: the one that is named, or the latest. */
async function paidBy(
  tx: DatabaseTransaction,
  { payoutId }: Withdrawal,
  txid: string | undefined,
): Promise<PayoutTransaction> {
  const payout = payoutId === null ? undefined : await readPayout(tx, payoutId);
  const transaction = payout?.transactions
    .filter(({ childOf, transaction: bytes }) => childOf === null && bytes !== null)
    .filter((entry) => txid === undefined || entry.txid === txid)
    .at(-1);
  if (transaction !== undefined) return transaction;
  throw new WithdrawalError('withdrawal_not_signed', 'No finished transaction pays this withdrawal yet.');
}

/**
 * All that a withdrawal rests on, as it is stored; whether it holds, `verifyWithdrawalEvidence` says to whoever has
 * the manifests. @param txid which of its transactions, when a fee bump made several; the latest unless told.
 * @throws WithdrawalError `withdrawal_not_signed`, `withdrawal_damaged`.
 */
export async function withdrawalEvidence(
  tx: DatabaseTransaction,
  queue: Pick<ApprovalQueue, 'policyEvidence'>,
  withdrawal: Withdrawal,
  txid?: string,
): Promise<WithdrawalEvidence> {
  const transaction = await paidBy(tx, withdrawal, txid);
  const { hash: intentHash } = await findIntent(tx, withdrawal.intentId);
  try {
    const { intents, receipt } = keptSchema.parse(JSON.parse(transaction.evidence ?? ''));
    const versions = intents.map(({ intent }) => intent.policyVersion);
    return {
      version: 1,
      withdrawal: withdrawal.id,
      intentHash,
      bundle: { version: 1, wallet: withdrawal.walletId, intents, psbt: transaction.cosigned ?? '' },
      wallet: await walletOf(tx, withdrawal.walletId),
      signed: receipt,
      policies: [...(await queue.policyEvidence(tx, versions))],
      transaction: Buffer.from(transaction.transaction ?? []).toString('hex'),
      txid: transaction.txid,
    };
  } catch (thrown) {
    if (thrown instanceof WithdrawalError) throw thrown;
    return damaged(withdrawal.id, thrown);
  }
}
