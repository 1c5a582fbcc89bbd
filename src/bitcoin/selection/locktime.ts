import { randomBelow, type RandomSource } from './random-source.ts';

/** The newest block that is known. */
export interface ChainTip {
  readonly height: number;
  /** Time in its header, milliseconds since the epoch. */
  readonly timeMs: number;
}

/** An older tip tells that the node lags; a locktime at it would mark the wallet instead of hiding it. */
const TIP_FRESH_MS = 8 * 60 * 60 * 1000;

/** One in so many transactions looks back, */
const BACKDATED_ONE_IN = 10;
/** by fewer blocks than this. */
const BACKDATED_BELOW_BLOCKS = 100;

/**
 * The `nLockTime` of a new transaction: the height of the tip, so that no miner gains by mining an earlier
 * block again to take its fee, and once in ten times up to 99 blocks less, so that transactions which were
 * really delayed (by cosigners, by cold windows) do not stand out. Zero when the tip is not fresh.
 * Source: Bitcoin Core, `DiscourageFeeSniping`.
 */
export function antiFeeSnipingLocktime(tip: ChainTip, nowMs: number, random: RandomSource): number {
  if (nowMs - tip.timeMs > TIP_FRESH_MS) return 0;
  if (randomBelow(random, BACKDATED_ONE_IN) !== 0) return tip.height;
  return Math.max(0, tip.height - randomBelow(random, BACKDATED_BELOW_BLOCKS));
}
