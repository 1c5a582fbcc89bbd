import type { WalletPosition } from '../descriptors/derive-address.ts';
import { BitcoinError } from '../errors.ts';
import { MAX_PSBT_BYTES } from '../psbt/parse-psbt.ts';
import { antiFeeSnipingLocktime } from '../selection/locktime.ts';
import { eligibleCoins } from '../selection/eligible-coins.ts';
import { shuffled } from '../selection/random-source.ts';
import {
  feeForTransactionWeight,
  feeForWeight,
  MAX_STANDARD_WEIGHT,
  multisigInputWeight,
  outputWeight,
  transactionWeight,
} from '../transactions/sizes.ts';
import { addressAt } from './derived-addresses.ts';
import { requireFeeRate } from './build-spends.ts';
import { finishBuild } from './finish-build.ts';
import type { BuiltSpend, SpendContext, WalletCoin } from './spend.ts';
import { MINIMUM_CHANGE } from './spend-limits.ts';

export interface ConsolidationRequest extends SpendContext {
  readonly coins: readonly WalletCoin[];
}

/** Scripts, derivations and keys that a PSBT carries for each input, previous transaction apart. */
const PSBT_BYTES_PER_INPUT = 1_000;

/** Groups of coins in the given order, each as many as one transaction and one PSBT can carry. */
export function groupCoins(
  coins: readonly WalletCoin[],
  inputWeight: number,
  frameWeight: number,
): WalletCoin[][] {
  const result: WalletCoin[][] = [];
  let group: WalletCoin[] = [];
  let bytes = 0;
  for (const coin of coins) {
    const more = coin.previousTransaction.length + PSBT_BYTES_PER_INPUT;
    const tooHeavy = frameWeight + (group.length + 1) * inputWeight > MAX_STANDARD_WEIGHT;
    if (group.length > 0 && (tooHeavy || bytes + more > MAX_PSBT_BYTES)) {
      result.push(group);
      group = [];
      bytes = 0;
    }
    group.push(coin);
    bytes += more;
  }
  return [...result, group];
}

/**
 * Builds transactions that merge confirmed coins into one coin of the change branch each, as many coins as
 * 400,000 weight units carry. Coins that cost more to spend than they are worth at this rate stay where they
 * are, and so does a group that would leave less than the minimum change.
 * @throws BitcoinError `fee_rate_out_of_limits`, `insufficient_funds` when nothing is worth merging, and those
 * of `composePsbt` and `checkSpend`.
 */
export function buildConsolidations(request: ConsolidationRequest): readonly BuiltSpend[] {
  requireFeeRate(request);
  const { wallet, feeRate, random, tip, nowMs } = request;
  const inputWeight = multisigInputWeight(wallet.threshold, wallet.keys.length);
  const inputFee = feeForWeight(feeRate, inputWeight);
  const worthIt = eligibleCoins(request.coins)
    .confirmed.filter(({ value }) => value > inputFee)
    .sort((a, b) => (a.value < b.value ? -1 : 1));
  const built: BuiltSpend[] = [];
  const changeWeight = outputWeight(
    addressAt(wallet, { branch: 'change', index: request.changeIndex }).scriptPubKey,
  );
  const frameWeight = transactionWeight({ count: 0xfd, weight: 0 }, { count: 1, weight: changeWeight });
  for (const coins of groupCoins(worthIt, inputWeight, frameWeight)) {
    const position: WalletPosition = { branch: 'change', index: request.changeIndex + built.length };
    const weight = transactionWeight(
      { count: coins.length, weight: coins.length * inputWeight },
      { count: 1, weight: changeWeight },
    );
    const total = coins.reduce((sum, { value }) => sum + value, 0n);
    const value = total - feeForTransactionWeight(feeRate, weight);
    if (coins.length < 2 || value < MINIMUM_CHANGE) continue;
    const { scriptPubKey } = addressAt(wallet, position);
    const plan = {
      coins: shuffled(coins, random),
      outputs: [{ scriptPubKey, value, position }],
      payments: [],
      locktime: antiFeeSnipingLocktime(tip, nowMs, random),
    };
    built.push(finishBuild(plan, request));
  }
  if (built.length > 0) return built;
  throw new BitcoinError('insufficient_funds', 'There are no coins that are worth merging at this fee rate.');
}
