import {
  buildChildPaysForParent,
  checkSpend,
  parsePsbtBase64,
  systemRandom,
  type BuiltSpend,
  type SpendExpectation,
} from '../bitcoin/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { satoshis, type FeeRate } from '../shared/index.ts';
import { WithdrawalError } from './errors.ts';
import { latestOf, type Payout, type PayoutTransaction } from './payout-store.ts';
import type { SourceWallet } from './ports.ts';
import type { RequestParts } from './withdrawal-parts.ts';

/** Longer than any intent lives. */
const KEPT_MS = 15 * 24 * 3_600_000;

function impossible(reason: string): never {
  throw new WithdrawalError('fee_bump_not_possible', reason);
}

/**
 * The child that spends a payout's own change back to its wallet and pays so much that miners take both. The fees of
 * both together stay within what was approved.
 *
 * A replacement (BIP125) is preferred: it pays for its own bytes alone, and nothing is left behind. A child is for when
 * the transaction must stay as it is: its payee, or somebody after them, builds on it, so that a replacement would have
 * to pay for all that it throws out, or would break what others rely on; or a cosigner would have to sign a hundred
 * inputs anew, and the child has one.
 * @throws WithdrawalError `fee_bump_not_possible`; BitcoinError `child_not_possible`, `fee_out_of_limits`, …
 */
export async function buildChild(
  parts: RequestParts,
  tx: DatabaseTransaction,
  payout: Payout,
  wallet: SourceWallet,
  expectation: SpendExpectation,
  feeRate: FeeRate,
): Promise<BuiltSpend> {
  const { clock, node, wallets } = parts;
  const parent = latestOf(payout);
  if (parent.childOf !== null) impossible('A child helps it already; replace the transaction instead.');
  const { fee, change, weight } = checkSpend(parsePsbtBase64(parent.psbt), expectation);
  if (change === null) impossible('It returns no change that a child could spend.');
  const outpoint = `${parent.txid}:${change.outputIndex}`;
  const [coin] = await wallets.coinsOf(tx, wallet.id, [outpoint]);
  if (coin === undefined) impossible('Its change has not been seen yet; try again.');
  const until = new Date(clock.nowMs() + KEPT_MS);
  await wallets.reserve(tx, { payout: payout.id, wallet: wallet.id, outpoints: [outpoint], until });
  const tip = await node.tip();
  return buildChildPaysForParent({
    wallet: wallet.descriptor,
    coin,
    ancestors: { count: 1, fees: fee, weight },
    feeRate,
    limits: { ...expectation.limits, maxFee: satoshis(expectation.limits.maxFee - fee) },
    changeIndex: await wallets.nextChangeIndex(tx, wallet.id),
    tip: { height: tip.height, timeMs: clock.nowMs() },
    nowMs: clock.nowMs(),
    random: systemRandom,
  });
}

/** The finished children of one of a payout's transactions, the latest last. */
export function childrenOf(
  { transactions }: Payout,
  { number }: Pick<PayoutTransaction, 'number'>,
): readonly PayoutTransaction[] {
  return transactions.filter(({ childOf, transaction }) => childOf === number && transaction !== null);
}
