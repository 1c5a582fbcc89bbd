import { bumpFee as buildBump, checkSpend, parsePsbtBase64, type BuiltSpend } from '../bitcoin/index.ts';
import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { findIntent, type QueueActor } from '../approvals/index.ts';
import { idToUuid, ZERO_SATOSHIS, type FeeRate, type WithdrawalId } from '../shared/index.ts';
import { expectationOf, sourceOf } from './bundle.ts';
import { WithdrawalError } from './errors.ts';
import { dependentOf } from './own-change.ts';
import { insertTransaction, latestOf, lockPayout } from './payout-store.ts';
import type { Member, RequestParts } from './withdrawal-parts.ts';
import { findWithdrawal, withdrawalOf } from './withdrawal-store.ts';

function impossible(reason: string): never {
  throw new WithdrawalError('fee_bump_not_possible', reason);
}

/**
 * Builds the payout's transaction anew with a higher fee (BIP125): same coins, same payments, less change, within
 * what was approved. It goes to the cosigners like the first; until it is complete the first one stays in force.
 * @throws WithdrawalError `fee_bump_not_possible`; BitcoinError `replacement_not_possible`, `fee_out_of_limits`,
 * `fee_rate_out_of_limits`.
 */
export async function bumpFee(
  parts: RequestParts,
  tx: DatabaseTransaction,
  id: WithdrawalId,
  feeRate: FeeRate,
  by: QueueActor,
): Promise<{ readonly txid: string }> {
  const { payoutId, state } = await findWithdrawal(tx, id);
  if (payoutId === null || state !== 'broadcast')
    impossible('Only a transaction that waits for a block is replaced.');
  const payout = await lockPayout(tx, payoutId);
  if (payout === undefined) impossible('Somebody works on it just now; try again.');
  const latest = latestOf(payout);
  if (latest.transaction === null) impossible('A higher fee is on its way already.');
  const dependent = await dependentOf(tx, payout);
  if (dependent !== undefined) {
    impossible(`Its change is spent by ${dependent}: raise the fee of that one, which pays for both.`);
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
  const psbt = parsePsbtBase64(latest.psbt);
  const { fee, change, weight } = checkSpend(psbt, expectation);
  const coins = await parts.wallets.coinsOf(tx, wallet.id, payout.outpoints);
  const order = new Map(coins.map((coin) => [coin.outpoint, coin]));
  const ordered = psbt.transaction.ins.flatMap(({ hash, index }) => {
    const txid = Buffer.from(hash).reverse().toString('hex');
    return order.get(`${txid}:${index}`) ?? [];
  });
  const original: BuiltSpend = {
    psbt,
    txid: latest.txid,
    coins: ordered,
    payments: expectation.payments,
    change,
    fee,
    weight,
  };
  const { limits } = expectation;
  const bumped = buildBump({
    wallet: wallet.descriptor,
    original,
    feeRate,
    limits,
    // What spends its change is our own, was not signed, and is built anew.
    descendantFees: ZERO_SATOSHIS,
  });
  const now = new Date(parts.clock.nowMs());
  await insertTransaction(tx, payout.id, latest.number + 1, bumped, feeRate, now);
  await parts.wallets.withholdChange(tx, latest.txid, true);
  const { actor, strength, requestId } = by;
  const after = { txid: bumped.txid, feeSatoshis: bumped.fee.toString(), before: latest.txid };
  const entry = { actor, strength, action: 'payout.bump', entity: payout.id, after };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, parts.clock);
  return { txid: bumped.txid };
}
