import fc from 'fast-check';
import { expect, test } from 'vitest';
import { feeBearerOf, jointFeeCap, shareFee, type FeeBearer } from '../../src/intents/index.ts';
import { satoshis } from '../../src/shared/index.ts';
import { institution, withdrawalIntent } from '../fixtures/intents.ts';

const bearer = fc.record({
  cap: fc.bigInt(1n, 1_000_000n).map(satoshis),
  weight: fc.integer({ min: 400, max: 20_000 }),
});
const bearers = fc.array(bearer, { minLength: 1, maxLength: 30 });

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

test('shares add up to the fee, follow the weights, and differ from the exact part by less than a satoshi', () => {
  fc.assert(
    fc.property(bearers, fc.bigInt(0n, 5_000_000n), (some, fee) => {
      const shares = shareFee(satoshis(fee), some);
      expect(sum(shares)).toBe(fee);
      const total = BigInt(some.reduce((all, { weight }) => all + weight, 0));
      shares.forEach((share, index) => {
        const difference = share * total - fee * BigInt(some[index]!.weight);
        expect(difference > -total && difference < total).toBe(true);
      });
    }),
  );
});

test('up to the joint cap nobody bears more than their own, and one satoshi more is too much for somebody', () => {
  const above = (fee: bigint, some: readonly FeeBearer[]): boolean =>
    shareFee(satoshis(fee), some).some((share, index) => share > some[index]!.cap);
  fc.assert(
    fc.property(bearers, fc.integer({ min: 0, max: 1000 }), (some, permille) => {
      const cap = jointFeeCap(some);
      expect(above(cap, some)).toBe(false);
      expect(above((cap * BigInt(permille)) / 1000n, some)).toBe(false);
      // By rounding it may still fit; with one satoshi more for each it cannot.
      expect(above(cap + BigInt(some.length) + sum(some.map(({ cap: own }) => own)), some)).toBe(true);
    }),
  );
});

test('one alone bears all of it', () => {
  const alone = feeBearerOf(withdrawalIntent(institution(), { maxFeeSatoshis: '7000' }), 'regtest');
  expect(alone.cap).toBe(7_000n);
  expect(jointFeeCap([alone])).toBe(7_000n);
  expect(shareFee(satoshis(3_141n), [alone])).toEqual([3_141n]);
});

test('who pays a hundred payees bears more than who pays one', () => {
  const house = institution();
  const one = withdrawalIntent(house);
  const payments = Array.from({ length: 100 }, () => one.body.payments[0]!);
  const many = withdrawalIntent(house, { payments });
  const [small, large] = shareFee(
    satoshis(10_000n),
    [one, many].map((intent) => feeBearerOf(intent, 'regtest')),
  );
  expect(large! > small! * 10n).toBe(true);
});
