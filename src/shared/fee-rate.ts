import { SharedError } from './errors.ts';
import { satoshis, type Satoshis } from './satoshis.ts';

declare const feeRateBrand: unique symbol;

/** A fee rate in satoshis per 1000 virtual bytes (sat/kvB), as Bitcoin Core's `CFeeRate`. */
export type FeeRate = bigint & { readonly [feeRateBrand]: true };

/** Nothing legitimate pays more than 10,000 sat/vB; a rate above is a mistake or an attack. */
export const MAX_FEE_RATE = 10_000_000n as FeeRate;

/** @throws SharedError `fee_rate_out_of_range` below 0 or above 10,000 sat/vB. */
export function feeRateFromSatsPerKvb(satsPerKvb: bigint): FeeRate {
  if (satsPerKvb < 0n || satsPerKvb > MAX_FEE_RATE) {
    throw new SharedError('fee_rate_out_of_range', 'The fee rate must be between 0 and 10,000 sat/vB.', {
      details: { satsPerKvb: satsPerKvb.toString() },
    });
  }
  return satsPerKvb as FeeRate;
}

/** Reads sat/vB with at most three decimals, `"12"` or `"1.005"`. @throws SharedError `fee_rate_malformed`. */
export function parseFeeRate(satsPerVbyte: string): FeeRate {
  const match = /^(0|[1-9][0-9]{0,6})(?:\.([0-9]{1,3}))?$/.exec(satsPerVbyte);
  if (match?.[1] === undefined) {
    throw new SharedError(
      'fee_rate_malformed',
      'A fee rate is written in sat/vB with at most three decimals.',
      {
        details: { feeRate: satsPerVbyte.slice(0, 40) },
      },
    );
  }
  return feeRateFromSatsPerKvb(BigInt(match[1]) * 1000n + BigInt((match[2] ?? '').padEnd(3, '0')));
}

/** `"1.005"`: sat/vB, trailing zeros dropped. */
export function formatFeeRate(rate: FeeRate): string {
  const fraction = (rate % 1000n).toString().padStart(3, '0').replace(/0+$/, '');
  return fraction === '' ? (rate / 1000n).toString() : `${(rate / 1000n).toString()}.${fraction}`;
}

function sizeOf(virtualBytes: number): bigint {
  // A size comes from our own weighing; anything else is a programmer's mistake, not a refusal.
  if (!Number.isSafeInteger(virtualBytes) || virtualBytes <= 0) {
    throw new RangeError(`a virtual size is a positive whole number, not ${virtualBytes}`);
  }
  return BigInt(virtualBytes);
}

/** The fee of `virtualBytes` at `rate`, rounded up to a whole satoshi. */
export function feeForVirtualSize(rate: FeeRate, virtualBytes: number): Satoshis {
  return satoshis((rate * sizeOf(virtualBytes) + 999n) / 1000n);
}

/**
 * The rate that `fee` over `virtualBytes` amounts to, rounded down.
 * @throws SharedError `fee_rate_out_of_range` above 10,000 sat/vB.
 */
export function feeRateOf(fee: Satoshis, virtualBytes: number): FeeRate {
  return feeRateFromSatsPerKvb((fee * 1000n) / sizeOf(virtualBytes));
}
