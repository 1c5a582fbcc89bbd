import { SharedError } from './errors.ts';

declare const satoshisBrand: unique symbol;
declare const deltaBrand: unique symbol;

/** An amount of bitcoin in satoshis, 0 … MAX_MONEY. */
export type Satoshis = bigint & { readonly [satoshisBrand]: true };

/** A signed difference of amounts in satoshis, −MAX_MONEY … MAX_MONEY. */
export type SatoshiDelta = bigint & { readonly [deltaBrand]: true };

/** 21 million bitcoin: the bound Bitcoin Core checks every amount against (`consensus/amount.h`). */
export const MAX_MONEY = 2_100_000_000_000_000n as Satoshis;

export const ZERO_SATOSHIS = 0n as Satoshis;

const DECIMAL = /^(0|[1-9][0-9]{0,15})$/;

function inRange(value: bigint): boolean {
  return value >= 0n && value <= MAX_MONEY;
}

/** @throws SharedError `amount_out_of_range` below 0 or above MAX_MONEY. */
export function satoshis(value: bigint): Satoshis {
  if (!inRange(value)) {
    throw new SharedError('amount_out_of_range', 'The amount must be between 0 and 21 million bitcoin.', {
      details: { satoshis: value.toString() },
    });
  }
  return value as Satoshis;
}

/**
 * Reads a decimal string of satoshis as it stands in our JSON: digits only, no sign, no exponent, no leading
 * zero. @throws SharedError `amount_malformed`, `amount_out_of_range`.
 */
export function parseSatoshis(text: string): Satoshis {
  if (!DECIMAL.test(text)) {
    throw new SharedError('amount_malformed', 'An amount is written as a whole number of satoshis.', {
      details: { amount: text.slice(0, 40) },
    });
  }
  return satoshis(BigInt(text));
}

export function formatSatoshis(amount: Satoshis | SatoshiDelta): string {
  return amount.toString();
}

/** For people: `0.01234567 BTC`. Never parsed back. */
export function formatBitcoin(amount: Satoshis | SatoshiDelta): string {
  const negative = amount < 0n;
  const digits = (negative ? 0n - amount : 0n + amount).toString().padStart(9, '0');
  return `${negative ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)} BTC`;
}

/** @throws SharedError `amount_out_of_range` when the sum exceeds MAX_MONEY. */
export function addSatoshis(...amounts: readonly Satoshis[]): Satoshis {
  let sum = 0n;
  for (const amount of amounts) sum += amount;
  return satoshis(sum);
}

/** @throws SharedError `amount_out_of_range` when the difference would be negative. */
export function subtractSatoshis(from: Satoshis, amount: Satoshis): Satoshis {
  return satoshis(from - amount);
}

export function deltaBetween(before: Satoshis, after: Satoshis): SatoshiDelta {
  return (after - before) as SatoshiDelta;
}

/** @throws SharedError `amount_out_of_range` when the result leaves 0 … MAX_MONEY. */
export function applyDelta(amount: Satoshis, delta: SatoshiDelta): Satoshis {
  return satoshis(amount + delta);
}
