import {
  bumpFee as buildBump,
  checkSpend,
  parsePsbtBase64,
  type BuiltSpend,
  type SpendExpectation,
} from '../bitcoin/index.ts';
import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { findIntent, type QueueActor } from '../approvals/index.ts';
import { idToUuid, ZERO_SATOSHIS, type FeeRate, type WithdrawalId } from '../shared/index.ts';
import { expectationOf, sourceOf } from './bundle.ts';
import { WithdrawalError } from './errors.ts';
import { buildVariants, signedVariant, takeVariant } from './fee-variants.ts';
import { dependentOf } from './own-change.ts';
import { buildChild, childrenOf } from './help-with-child.ts';
import { insertTransaction, latestOf, lockPayout, payingOf, type Payout } from './payout-store.ts';
import type { SourceWallet } from './ports.ts';
import { insertVariants } from './variant-store.ts';
import type { Member, RequestParts } from './withdrawal-parts.ts';
import { findWithdrawal, withdrawalOf } from './withdrawal-store.ts';

function impossible(reason: string): never {
  throw new WithdrawalError('fee_bump_not_possible', reason);
}

/**
 * Raises the fee of a payout that waits for a block, within what was approved: by a replacement (BIP125), which has the
 * same coins, the same payments and less change, or by a child that spends its change. When which: `buildChild`. It
 * goes to the cosigners like the first, with variants of its own; until it is complete the first one stays in force. A
 * variant that they have signed already and that pays enough is taken before: then nobody has to sign anything.
 * @throws WithdrawalError `fee_bump_not_possible`; BitcoinError `replacement_not_possible`, `fee_out_of_limits`,
 * `fee_rate_out_of_limits`.
 */
export async function bumpFee(
  parts: RequestParts,
  tx: DatabaseTransaction,
  id: WithdrawalId,
  feeRate: FeeRate,
  by: QueueActor,
  means: 'replacement' | 'child' = 'replacement',
): Promise<{ readonly txid: string }> {
  const { payoutId, state } = await findWithdrawal(tx, id);
  // One that the nodes have not taken may be too cheap for them.
  const isUnsent = state === 'platform_signed';
  if (payoutId === null || (state !== 'broadcast' && !isUnsent))
    impossible('Only a transaction that waits for a block is replaced.');
  if (isUnsent && means === 'child') impossible('The nodes have not taken it, so they take no child of it.');
  const payout = await lockPayout(tx, payoutId);
  if (payout === undefined) impossible('Somebody works on it just now; try again.');
  if (payout.begun !== null) impossible('A block has it already.');
  const latest = latestOf(payout);
  if (latest.transaction === null) impossible('A higher fee is on its way already.');
  const dependent = await dependentOf(tx, payout);
  if (dependent !== undefined) {
    impossible(`Its change is spent by ${dependent}: raise the fee of that one, which pays for both.`);
  }
  const signed = means === 'replacement' ? signedVariant(payout, feeRate) : undefined;
  if (signed !== undefined) {
    await takeVariant(parts, tx, payout, signed, by);
    return { txid: signed.txid };
  }
  const rows = await tx.withdrawal.findMany({
    where: { payoutId: idToUuid(payoutId) },
    orderBy: { id: 'asc' },
  });
  const members: Member[] = [];
  for (const row of rows) {
    const withdrawal = withdrawalOf(row);
    members.push({ withdrawal, stored: await findIntent(tx, withdrawal.intentId) });
  }
  const wallet = await sourceOf(parts, tx, payout.walletId, members);
  const intents = members.map(({ stored }) => stored.intent);
  const expectation = expectationOf(wallet, intents, await parts.trust.manifest());
  const built =
    means === 'child'
      ? await buildChild(parts, tx, payout, wallet, expectation, feeRate)
      : await buildReplacement(parts, tx, payout, wallet, expectation, feeRate);
  const now = new Date(parts.clock.nowMs());
  const childOf = means === 'child' ? latest.number : null;
  const number = latest.number + 1;
  await insertTransaction(tx, payout.id, number, built, feeRate, now, childOf);
  if (childOf === null) {
    const variants = buildVariants(wallet, { spend: built, feeRate }, expectation.limits);
    await insertVariants(tx, payout.id, number, variants, now);
  }
  await parts.wallets.withholdChange(tx, latest.txid, true);
  const { actor, strength, requestId } = by;
  const after = { txid: built.txid, feeSatoshis: built.fee.toString() };
  const before = { txid: latest.txid };
  const entry = { actor, strength, action: `payout.${means}`, entity: payout.id, before, after };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, parts.clock);
  return { txid: built.txid };
}

async function buildReplacement(
  parts: RequestParts,
  tx: DatabaseTransaction,
  payout: Payout,
  wallet: SourceWallet,
  expectation: SpendExpectation,
  feeRate: FeeRate,
): Promise<BuiltSpend> {
  const replaced = payingOf(payout);
  const psbt = parsePsbtBase64(replaced.psbt);
  const { fee, change, weight } = checkSpend(psbt, expectation);
  const coins = await parts.wallets.coinsOf(tx, wallet.id, payout.outpoints);
  const order = new Map(coins.map((coin) => [coin.outpoint, coin]));
  const ordered = psbt.transaction.ins.flatMap(({ hash, index }) => {
    const txid = Buffer.from(hash).reverse().toString('hex');
    return order.get(`${txid}:${index}`) ?? [];
  });
  const original: BuiltSpend = {
    psbt,
    txid: replaced.txid,
    coins: ordered,
    payments: expectation.payments,
    change,
    fee,
    weight,
  };
  const { limits } = expectation;
  return buildBump({
    wallet: wallet.descriptor,
    original,
    feeRate,
    limits,
    // A child of ours goes with it. Whatever else spends its change was not signed, and is built anew.
    descendantFees: childrenOf(payout, replaced).at(-1)?.fee ?? ZERO_SATOSHIS,
  });
}
