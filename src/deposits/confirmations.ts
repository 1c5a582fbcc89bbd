import { satoshis, type Satoshis } from '../shared/index.ts';

interface ConfirmationRule {
  /** Null: any amount. */
  readonly upTo: Satoshis | null;
  readonly confirmations: number;
}

/**
 * How deep a deposit must be before it is credited. To take back n blocks costs an attacker about n block rewards
 * and most of the hash rate for hours; the amount that is worth it grows with n. Two blocks are never too many:
 * forks of one block happen by themselves some times a year.
 */
export const CONFIRMATION_RULES: readonly ConfirmationRule[] = [
  { upTo: satoshis(10_000_000n), confirmations: 2 },
  { upTo: satoshis(100_000_000n), confirmations: 3 },
  { upTo: satoshis(1_000_000_000n), confirmations: 6 },
  { upTo: satoshis(10_000_000_000n), confirmations: 12 },
  { upTo: null, confirmations: 30 },
];

/** A coinbase cannot be spent earlier, nor is it credited earlier (COINBASE_MATURITY). */
const COINBASE_CONFIRMATIONS = 100;

/**
 * How many confirmations the deposits of one block need. It is their sum that counts: who takes back the block
 * takes back all of them, so a large amount in small pieces is no quicker.
 */
export function confirmationsFor(sumInBlock: bigint, coinbase: boolean): number {
  if (coinbase) return COINBASE_CONFIRMATIONS;
  const rule = CONFIRMATION_RULES.find(({ upTo }) => upTo === null || sumInBlock <= upTo);
  return rule?.confirmations ?? COINBASE_CONFIRMATIONS;
}

/**
 * Below this a deposit is dust: an input of ours weighs 105 virtual bytes, so at 10 sat/vB it costs more to spend
 * than it is worth. Dust is kept in suspense: it costs its owner nothing, and nobody learns anything from our
 * spending it.
 */
export const DUST_LIMIT = satoshis(1_000n);
