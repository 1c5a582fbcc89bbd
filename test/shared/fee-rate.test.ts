import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  MAX_FEE_RATE,
  SharedError,
  feeForVirtualSize,
  feeRateFromSatsPerKvb,
  feeRateOf,
  formatFeeRate,
  parseFeeRate,
} from '../../src/shared/index.ts';

const rate = fc.bigInt({ min: 0n, max: MAX_FEE_RATE }).map(feeRateFromSatsPerKvb);
const size = fc.integer({ min: 1, max: 1_000_000 });

test('every rate survives its text', () => {
  fc.assert(fc.property(rate, (value) => parseFeeRate(formatFeeRate(value)) === value));
});

test('reading anything gives a rate or a refusal by name', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{0,8}\.?[0-9]{0,5}$/)), (text) => {
      try {
        return parseFeeRate(text) <= MAX_FEE_RATE;
      } catch (error) {
        return error instanceof SharedError;
      }
    }),
  );
});

test('a fee never pays less than its rate, and at most one satoshi more', () => {
  fc.assert(
    fc.property(rate, size, (value, virtualBytes) => {
      const fee = feeForVirtualSize(value, virtualBytes);
      const exact = value * BigInt(virtualBytes);
      expect(fee * 1000n).toBeGreaterThanOrEqual(exact);
      expect(fee * 1000n - exact).toBeLessThan(1000n);
    }),
  );
});

test('the rate of a fee never exceeds what the fee pays', () => {
  fc.assert(
    fc.property(rate, size, (value, virtualBytes) => {
      const fee = feeForVirtualSize(value, virtualBytes);
      fc.pre((fee * 1000n) / BigInt(virtualBytes) <= MAX_FEE_RATE);
      const back = feeRateOf(fee, virtualBytes);
      expect(back).toBeGreaterThanOrEqual(value);
      expect(back * BigInt(virtualBytes)).toBeLessThanOrEqual(fee * 1000n);
    }),
  );
});

test.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 53])(
  'a size of %s virtual bytes is a mistake',
  (virtualBytes) => {
    const one = feeRateFromSatsPerKvb(1000n);
    expect(() => feeForVirtualSize(one, virtualBytes)).toThrow(/virtual size/);
    expect(() => feeRateOf(feeForVirtualSize(one, 100), virtualBytes)).toThrow(/virtual size/);
  },
);
