import { antiFeeSnipingLocktime } from '../selection/locktime.ts';
import { eligibleCoins } from '../selection/eligible-coins.ts';
import { shuffled } from '../selection/random-source.ts';
import {
  dustThreshold,
  feeForTransactionWeight,
  feeForWeight,
  multisigInputWeight,
  outputWeight,
  transactionWeight,
} from '../transactions/sizes.ts';
import { satoshis } from '../../shared/index.ts';
import { BitcoinError } from '../errors.ts';
import { groupCoins } from './build-consolidations.ts';
import { requireFeeRate } from './build-spends.ts';
import { finishBuild } from './finish-build.ts';
import type { BuiltSpend, SpendContext, WalletCoin } from './spend.ts';

export interface SweepRequest extends Omit<SpendContext, 'changeIndex'> {
  readonly coins: readonly WalletCoin[];
  /** Where everything goes. */
  readonly scriptPubKey: Uint8Array;
}

function sweepOf(coins: readonly WalletCoin[], request: SweepRequest): BuiltSpend | undefined {
  const { wallet, feeRate, random, tip, nowMs, scriptPubKey } = request;
  const inputWeight = multisigInputWeight(wallet.threshold, wallet.keys.length);
  const weight = transactionWeight(
    { count: coins.length, weight: coins.length * inputWeight },
    { count: 1, weight: outputWeight(scriptPubKey) },
  );
  const total = coins.reduce((sum, coin) => sum + coin.value, 0n);
  const value = total - feeForTransactionWeight(feeRate, weight);
  if (value < dustThreshold(scriptPubKey)) return undefined;
  const payment = { scriptPubKey, value: satoshis(value) };
  const plan = {
    coins: shuffled(coins, random),
    outputs: [payment],
    payments: [payment],
    locktime: antiFeeSnipingLocktime(tip, nowMs, random),
  };
  return finishBuild(plan, request);
}

/**
 * Builds transactions that pay all confirmed coins of a wallet to one script, with no change: one, or several where
 * one would weigh more than nodes relay. Coins that cost more to spend than they are worth stay where they are.
 * @throws BitcoinError `fee_rate_out_of_limits`, `insufficient_funds` when nothing is worth sweeping at this rate,
 * and those of `composePsbt` and `checkSpend`.
 */
export function buildSweeps(request: SweepRequest): readonly BuiltSpend[] {
  requireFeeRate(request);
  const { wallet, feeRate, scriptPubKey } = request;
  const inputWeight = multisigInputWeight(wallet.threshold, wallet.keys.length);
  const inputFee = feeForWeight(feeRate, inputWeight);
  const worthIt = eligibleCoins(request.coins).confirmed.filter(({ value }) => value > inputFee);
  const output = { count: 1, weight: outputWeight(scriptPubKey) };
  const frameWeight = transactionWeight({ count: 0xfd, weight: 0 }, output);
  const built = groupCoins(worthIt, inputWeight, frameWeight).flatMap((coins) =>
    coins.length === 0 ? [] : (sweepOf(coins, request) ?? []),
  );
  if (built.length > 0) return built;
  throw new BitcoinError(
    'insufficient_funds',
    'There are no coins that are worth sweeping at this fee rate.',
  );
}
