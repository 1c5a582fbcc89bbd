import type { SelectableCoin, WeighedCoin } from './coin.ts';
import { shuffled, type RandomSource } from './random-source.ts';

/** What a strategy is to reach, in effective values. */
export interface SelectionGoal {
  /** Payments and the fee of everything but the inputs. */
  readonly target: bigint;
  /** How far above the target a changeless result may end: what change would cost. */
  readonly tolerance: bigint;
  /** What must be left over to be worth a change output, its fee included. */
  readonly changeReserve: bigint;
  readonly maxInputs: number;
}

/** Steps after which the search ends with the best found so far; the same bound as Bitcoin Core's. */
const MAX_STEPS = 100_000;

/**
 * Searches for a set of coins that meets the target without change and with the least waste, depth first over
 * the coins from large to small, leaving out branches that cannot reach it or cost more than the best.
 * Source: Erhardt, "An Evaluation of Coin Selection Strategies" (2016), and Bitcoin Core's `SelectCoinsBnB`.
 * `undefined` when there is none or the search ran out of steps first.
 */
export function branchAndBound<Coin extends SelectableCoin>(
  descending: readonly WeighedCoin<Coin>[],
  goal: SelectionGoal,
): readonly WeighedCoin<Coin>[] | undefined {
  let available = descending.reduce((sum, coin) => sum + coin.effectiveValue, 0n);
  // Above the long-term rate each coin more is waste; below it, coins are rather spent now.
  const coinsAreWaste = descending[0] !== undefined && descending[0].fee > descending[0].longTermFee;
  const path: { coin: WeighedCoin<Coin>; at: number }[] = [];
  let value = 0n;
  let waste = 0n;
  let best: readonly WeighedCoin<Coin>[] | undefined;
  let bestWaste = 0n;
  for (let step = 0, at = 0; step < MAX_STEPS; step++, at++) {
    const next = descending[at];
    const reached = value >= goal.target;
    if (reached && value <= goal.target + goal.tolerance) {
      const total = waste + value - goal.target;
      if (best === undefined || total <= bestWaste) {
        best = path.map(({ coin }) => coin);
        bestWaste = total;
      }
    }
    const hopeless =
      value + available < goal.target ||
      path.length >= goal.maxInputs ||
      (coinsAreWaste && best !== undefined && waste > bestWaste);
    if (reached || hopeless || next === undefined) {
      const last = path.pop();
      if (last === undefined) break;
      // Back to the coin taken last: everything after it is available again, and it is left out now.
      for (at--; at > last.at; at--) available += descending[at]?.effectiveValue ?? 0n;
      value -= last.coin.effectiveValue;
      waste -= last.coin.fee - last.coin.longTermFee;
      continue;
    }
    available -= next.effectiveValue;
    const twin = descending[at - 1];
    // A coin like the one before it that was left out leads to nothing that the other would not have led to.
    if (twin?.effectiveValue === next.effectiveValue && path.at(-1)?.at !== at - 1) continue;
    path.push({ coin: next, at });
    value += next.effectiveValue;
    waste += next.fee - next.longTermFee;
  }
  return best;
}

function takeUntil<Coin extends SelectableCoin>(
  coins: readonly WeighedCoin<Coin>[],
  goal: SelectionGoal,
): readonly WeighedCoin<Coin>[] | undefined {
  const taken: WeighedCoin<Coin>[] = [];
  let value = 0n;
  for (const coin of coins) {
    if (value >= goal.target + goal.changeReserve || taken.length >= goal.maxInputs) break;
    taken.push(coin);
    value += coin.effectiveValue;
  }
  // Coins that reach the target but not the reserve pay without change: the rest is fee.
  return value >= goal.target ? taken : undefined;
}

/** Coins in random order until there is enough for change too: keeps the sizes of a wallet's coins mixed. */
export function singleRandomDraw<Coin extends SelectableCoin>(
  coins: readonly WeighedCoin<Coin>[],
  goal: SelectionGoal,
  random: RandomSource,
): readonly WeighedCoin<Coin>[] | undefined {
  return takeUntil(shuffled(coins, random), goal);
}

/** The fewest coins: what still fits when the weight limit is near. */
export function largestFirst<Coin extends SelectableCoin>(
  descending: readonly WeighedCoin<Coin>[],
  goal: SelectionGoal,
): readonly WeighedCoin<Coin>[] | undefined {
  return takeUntil(descending, goal);
}
