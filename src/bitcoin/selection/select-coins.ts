import { satoshis, type FeeRate, type Satoshis } from '../../shared/index.ts';
import { BitcoinError } from '../errors.ts';
import {
  feeForTransactionWeight,
  feeForWeight,
  MAX_STANDARD_WEIGHT,
  transactionWeight,
} from '../transactions/sizes.ts';
import type { SelectableCoin, WeighedCoin } from './coin.ts';
import { eligibleCoins } from './eligible-coins.ts';
import type { RandomSource } from './random-source.ts';
import { branchAndBound, largestFirst, singleRandomDraw, type SelectionGoal } from './strategies.ts';

export interface SelectionRequest<Coin extends SelectableCoin> {
  readonly coins: readonly Coin[];
  /** Sum of the payments, and their outputs. */
  readonly paid: { readonly value: Satoshis; readonly count: number; readonly weight: number };
  readonly inputWeight: number;
  readonly changeOutputWeight: number;
  /** Change below this is left to the miner rather than made a coin. At least the dust threshold. */
  readonly minimumChange: Satoshis;
  readonly feeRate: FeeRate;
  /** What spending a coin is expected to cost some day: above it, coins are saved; below it, merged. */
  readonly longTermFeeRate: FeeRate;
  readonly random: RandomSource;
}

export type SelectionStrategy = 'branch_and_bound' | 'single_random_draw' | 'largest_first';

export interface Selection<Coin extends SelectableCoin> {
  readonly strategy: SelectionStrategy;
  readonly coins: readonly Coin[];
  /** Zero when there is no change output. */
  readonly change: Satoshis;
  readonly fee: Satoshis;
  /** Upper bound on the weight of the signed transaction. */
  readonly weight: number;
  /**
   * What this choice costs beyond spending the same coins at the long-term rate, in satoshis; negative when
   * coins are merged cheaply. Source: Bitcoin Core, `SelectionResult::RecalculateWaste`.
   */
  readonly waste: bigint;
}

function weigh<Coin extends SelectableCoin>(
  coins: readonly Coin[],
  request: SelectionRequest<Coin>,
): WeighedCoin<Coin>[] {
  const fee = feeForWeight(request.feeRate, request.inputWeight);
  const longTermFee = feeForWeight(request.longTermFeeRate, request.inputWeight);
  return coins
    .map((coin) => ({ coin, fee, longTermFee, effectiveValue: coin.value - fee }))
    .filter(({ effectiveValue }) => effectiveValue > 0n)
    .sort((a, b) => {
      if (a.effectiveValue !== b.effectiveValue) return a.effectiveValue > b.effectiveValue ? -1 : 1;
      return a.coin.outpoint < b.coin.outpoint ? -1 : 1;
    });
}

function weightOf(request: SelectionRequest<SelectableCoin>, inputs: number, withChange: boolean): number {
  return transactionWeight(
    { count: inputs, weight: inputs * request.inputWeight },
    {
      count: request.paid.count + (withChange ? 1 : 0),
      weight: request.paid.weight + (withChange ? request.changeOutputWeight : 0),
    },
  );
}

function goalOf(request: SelectionRequest<SelectableCoin>): SelectionGoal {
  const { coins, feeRate, longTermFeeRate, changeOutputWeight, inputWeight, paid } = request;
  // The number of inputs takes one byte, or three when there may be 253 of them or more.
  const count = coins.length < 0xfd ? 1 : 0xfd;
  const frame = weightOf(request, count, false) - count * inputWeight;
  const changeFee = feeForWeight(feeRate, changeOutputWeight);
  return {
    // Rounding up to whole virtual bytes can add three units.
    target: paid.value + feeForWeight(feeRate, frame + 3),
    tolerance: changeFee + feeForWeight(longTermFeeRate, inputWeight),
    changeReserve: changeFee + request.minimumChange,
    maxInputs: Math.max(0, Math.floor((MAX_STANDARD_WEIGHT - frame - changeOutputWeight - 8) / inputWeight)),
  };
}

function settle<Coin extends SelectableCoin>(
  strategy: SelectionStrategy,
  chosen: readonly WeighedCoin<Coin>[] | undefined,
  request: SelectionRequest<Coin>,
): Selection<Coin>[] {
  if (chosen === undefined) return [];
  const total = chosen.reduce((sum, { coin }) => sum + coin.value, 0n);
  const weightWithChange = weightOf(request, chosen.length, true);
  const remainder = total - request.paid.value - feeForTransactionWeight(request.feeRate, weightWithChange);
  const withChange = strategy !== 'branch_and_bound' && remainder >= request.minimumChange;
  const weight = withChange ? weightWithChange : weightOf(request, chosen.length, false);
  const change = satoshis(withChange ? remainder : 0n);
  const fee = satoshis(total - request.paid.value - change);
  const required = feeForTransactionWeight(request.feeRate, weight);
  const overhead = withChange
    ? feeForWeight(request.feeRate, request.changeOutputWeight) +
      feeForWeight(request.longTermFeeRate, request.inputWeight)
    : fee - required;
  const waste = chosen.reduce((sum, coin) => sum + coin.fee - coin.longTermFee, overhead);
  return [{ strategy, coins: chosen.map(({ coin }) => coin), change, fee, weight, waste }];
}

function bestOf<Coin extends SelectableCoin>(
  coins: readonly Coin[],
  request: SelectionRequest<Coin>,
): Selection<Coin> | undefined {
  const descending = weigh(coins, request);
  const goal = goalOf(request);
  const candidates = [
    ...settle('branch_and_bound', branchAndBound(descending, goal), request),
    ...settle('single_random_draw', singleRandomDraw(descending, goal, request.random), request),
    ...settle('largest_first', largestFirst(descending, goal), request),
  ];
  // The first of equals: the order above.
  return candidates.reduce<Selection<Coin> | undefined>(
    (best, next) => (best === undefined || next.waste < best.waste ? next : best),
    undefined,
  );
}

function refuse(
  request: SelectionRequest<SelectableCoin>,
  usable: readonly SelectableCoin[],
  tooDeep: readonly SelectableCoin[],
): never {
  const goal = goalOf(request);
  const worth = (coins: readonly SelectableCoin[]): bigint =>
    weigh(coins, request).reduce((sum, { effectiveValue }) => sum + effectiveValue, 0n);
  const available = worth(usable);
  const details = { neededSats: goal.target.toString(), availableSats: available.toString() };
  if (available >= goal.target) {
    throw new BitcoinError(
      'transaction_too_heavy',
      'So many coins are needed that one transaction cannot carry them.',
      {
        details: { ...details, maxInputs: goal.maxInputs },
      },
    );
  }
  if (available + worth(tooDeep) >= goal.target) {
    throw new BitcoinError(
      'unconfirmed_chain_too_long',
      'The coins needed depend on too many unconfirmed transactions. They can be spent when those confirm.',
      { details, retryable: true },
    );
  }
  throw new BitcoinError('insufficient_funds', 'The wallet does not hold enough spendable coins.', {
    details,
  });
}

/**
 * Chooses the coins of one transaction: confirmed ones, and only when those do not suffice own unconfirmed
 * change. Branch-and-bound, single random draw and largest-first each propose a set; the one of least waste is
 * taken. The same request with the same random numbers gives the same answer.
 * @throws BitcoinError `insufficient_funds`, `transaction_too_heavy`, `unconfirmed_chain_too_long`,
 * `coin_duplicate`, `amount_out_of_range`.
 */
export function selectCoins<Coin extends SelectableCoin>(request: SelectionRequest<Coin>): Selection<Coin> {
  const { confirmed, usable, tooDeep } = eligibleCoins(request.coins);
  if (goalOf(request).maxInputs < 1) {
    throw new BitcoinError('transaction_too_heavy', 'One transaction cannot carry so many payments.', {
      details: { payments: request.paid.count },
    });
  }
  return bestOf(confirmed, request) ?? bestOf(usable, request) ?? refuse(request, usable, tooDeep);
}
