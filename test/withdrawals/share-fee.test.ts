import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shareFee } from '../../src/withdrawals/share-fee.ts';

test('shares add up to the fee, and nobody bears more than their cap', () => {
  const caps = fc.array(fc.bigInt(0n, 100_000n), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(caps, fc.bigInt(0n, 1_000n), (some, permille) => {
      const total = some.reduce((sum, cap) => sum + cap, 0n);
      const fee = (total * permille) / 1_000n;
      const shares = shareFee(fee, some);
      expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(fee);
      shares.forEach((share, index) => expect(share >= 0n && share <= some[index]!).toBe(true));
    }),
  );
});

test('a fee beyond the caps is a mistake', () => {
  expect(() => shareFee(3n, [1n, 1n])).toThrow(RangeError);
});
