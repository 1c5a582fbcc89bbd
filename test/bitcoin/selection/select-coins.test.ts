import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SelectableCoin } from '../../../src/bitcoin/selection/coin.ts';
import { MAX_UNCONFIRMED_ANCESTORS } from '../../../src/bitcoin/selection/eligible-coins.ts';
import { randomBelow, shuffled } from '../../../src/bitcoin/selection/random-source.ts';
import { selectCoins, type SelectionRequest } from '../../../src/bitcoin/selection/select-coins.ts';
import {
  feeForTransactionWeight,
  MAX_STANDARD_WEIGHT,
  multisigInputWeight,
  transactionWeight,
} from '../../../src/bitcoin/transactions/sizes.ts';
import { feeRateFromSatsPerKvb, satoshis } from '../../../src/shared/index.ts';
import { refusal, seededRandom } from '../spend/spend-fixtures.ts';

const INPUT_WEIGHT = multisigInputWeight(2, 3);
const CHANGE_WEIGHT = 172;
const PAYMENT_WEIGHT = 124;
const MINIMUM_CHANGE = 5_000n;

function coin(value: bigint, name: number, more: Partial<SelectableCoin> = {}): SelectableCoin {
  return {
    outpoint: `${name.toString(16).padStart(64, '0')}:0`,
    value: satoshis(value),
    confirmations: 1,
    ownChange: false,
    unconfirmedAncestors: 0,
    ...more,
  };
}

function request(
  values: readonly bigint[],
  pay: bigint,
  satsPerKvb = 10_000n,
  more: Partial<SelectionRequest<SelectableCoin>> = {},
): SelectionRequest<SelectableCoin> {
  return {
    coins: values.map((value, i) => coin(value, i)),
    paid: { value: satoshis(pay), count: 1, weight: PAYMENT_WEIGHT },
    inputWeight: INPUT_WEIGHT,
    changeOutputWeight: CHANGE_WEIGHT,
    minimumChange: satoshis(MINIMUM_CHANGE),
    feeRate: feeRateFromSatsPerKvb(satsPerKvb),
    longTermFeeRate: feeRateFromSatsPerKvb(10_000n),
    random: seededRandom(1),
    ...more,
  };
}

/** What a changeless transaction of so many inputs takes beside the payment. */
function changelessFee(inputs: number, satsPerKvb: bigint): bigint {
  const weight = transactionWeight(
    { count: inputs, weight: inputs * INPUT_WEIGHT },
    { count: 1, weight: PAYMENT_WEIGHT },
  );
  return feeForTransactionWeight(feeRateFromSatsPerKvb(satsPerKvb), weight);
}

describe('choosing coins', () => {
  it('finds the set that needs no change', () => {
    const values = [910_000n, 430_000n, 210_000n, 120_000n, 65_000n, 31_000n];
    const pay = 430_000n + 65_000n - changelessFee(2, 20_000n) - 40n;
    const selection = selectCoins(request(values, pay, 20_000n));
    expect(selection.strategy).toBe('branch_and_bound');
    expect(selection.change).toBe(0n);
    expect(selection.coins.map(({ value }) => value)).toEqual([430_000n, 65_000n]);
    expect(selection.fee).toBe(changelessFee(2, 20_000n) + 40n);
  });

  it('finds it as brute force does, on small wallets', () => {
    const amounts = fc.array(fc.bigInt({ min: 6_000n, max: 200_000n }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(amounts, fc.nat(), (values, pick) => {
        // A subset that exists, paid to the satoshi: a changeless answer must be found.
        const subset = values.filter((_, i) => ((pick + 1) >> i) & 1);
        if (subset.length === 0) return;
        const pay =
          subset.reduce((sum, value) => sum + value, 0n) - changelessFee(subset.length, 20_000n) - 30n;
        if (pay < 1_000n) return;
        const selection = selectCoins(request(values, pay, 20_000n));
        const best = selection.waste;
        // No subset that pays without change wastes less.
        for (let mask = 1; mask < 1 << values.length; mask++) {
          const chosen = values.filter((_, i) => (mask >> i) & 1);
          const fee = chosen.reduce((sum, value) => sum + value, 0n) - pay;
          const excess = fee - changelessFee(chosen.length, 20_000n);
          if (excess < 0n) continue;
          const each = (20_000n - 10_000n) * BigInt(INPUT_WEIGHT);
          const waste = (each * BigInt(chosen.length)) / 4_000n + excess;
          expect(best).toBeLessThanOrEqual(waste + 10n);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('always balances, pays at least the rate, and makes no change below the minimum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 1n, max: 50_000_000n }), { minLength: 1, maxLength: 60 }),
        fc.bigInt({ min: 300n, max: 100_000_000n }),
        fc.bigInt({ min: 1_000n, max: 200_000n }),
        fc.nat(1_000),
        (values, pay, rate, seed) => {
          const asked = request(values, pay, rate, { random: seededRandom(seed) });
          const available = values.reduce((sum, value) => sum + value, 0n);
          let selection;
          try {
            selection = selectCoins(asked);
          } catch {
            expect(refusal(() => selectCoins({ ...asked, random: seededRandom(seed) }))).toBe(
              'insufficient_funds',
            );
            return;
          }
          const total = selection.coins.reduce((sum, { value }) => sum + value, 0n);
          expect(total).toBe(pay + selection.change + selection.fee);
          expect(total).toBeLessThanOrEqual(available);
          expect(new Set(selection.coins.map(({ outpoint }) => outpoint)).size).toBe(selection.coins.length);
          expect(selection.fee).toBeGreaterThanOrEqual(
            feeForTransactionWeight(asked.feeRate, selection.weight),
          );
          expect(selection.change === 0n || selection.change >= MINIMUM_CHANGE).toBe(true);
          // What is given away for the lack of change is bounded by what change would have cost and been.
          const given = selection.fee - feeForTransactionWeight(asked.feeRate, selection.weight);
          expect(given).toBeLessThanOrEqual(MINIMUM_CHANGE + (rate * 600n) / 4_000n + 1_100n);
          // The same again with the same chance.
          expect(selectCoins({ ...asked, random: seededRandom(seed) })).toEqual(selection);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('merges coins while fees are low and saves them while fees are high', () => {
    const values = [...new Array<bigint>(30).fill(20_000n), 2_000_000n];
    const cheap = selectCoins(request(values, 300_000n, 1_000n));
    const dear = selectCoins(request(values, 300_000n, 100_000n));
    expect(cheap.waste).toBeLessThan(0n);
    expect(dear.coins.map(({ value }) => value)).toEqual([2_000_000n]);
  });

  it('leaves coins alone that cost more than they are worth', () => {
    const selection = selectCoins(request([1_000n, 900n, 800n, 500_000n], 100_000n, 50_000n));
    expect(selection.coins.map(({ value }) => value)).toEqual([500_000n]);
    expect(refusal(() => selectCoins(request(new Array<bigint>(100).fill(1_000n), 50_000n, 50_000n)))).toBe(
      'insufficient_funds',
    );
  });

  it('ends soon where branch and bound has no answer among many like coins', () => {
    const values = Array.from({ length: 400 }, (_, i) => 100_000n + BigInt((i * 7_919) % 1_000));
    const selection = selectCoins(request(values, 15_000_000n, 30_000n));
    expect(selection.coins.length).toBeGreaterThan(150);
  });

  it('stays within the weight that nodes relay', () => {
    const selection = selectCoins(request(new Array<bigint>(2_000).fill(10_000n), 5_000_000n, 1_000n));
    expect(selection.weight).toBeLessThanOrEqual(MAX_STANDARD_WEIGHT);
    const tooMuch = request(new Array<bigint>(2_000).fill(10_000n), 12_000_000n, 1_000n);
    expect(refusal(() => selectCoins(tooMuch))).toBe('transaction_too_heavy');
  });
});

describe('unconfirmed coins', () => {
  const change = (value: bigint, name: number, ancestors: number): SelectableCoin =>
    coin(value, name, { confirmations: 0, ownChange: true, unconfirmedAncestors: ancestors });
  const choose = (coins: readonly SelectableCoin[], pay: bigint) =>
    selectCoins({ ...request([], pay), coins }).coins.map(({ outpoint }) => outpoint.slice(60, 64));

  it('are left alone while confirmed ones suffice', () => {
    expect(choose([coin(200_000n, 1), change(120_000n, 2, 1)], 100_000n)).toEqual(['0001']);
    expect(choose([coin(200_000n, 1), change(120_000n, 2, 1)], 300_000n).sort()).toEqual(['0001', '0002']);
  });

  it('never add up to a long chain, however they are chosen', () => {
    const coins = Array.from({ length: 8 }, (_, i) => change(100_000n, i, 3));
    const chosen = choose(coins, 250_000n).length;
    expect(chosen * 3).toBeLessThanOrEqual(MAX_UNCONFIRMED_ANCESTORS);
    expect(refusal(() => choose(coins, 350_000n))).toBe('unconfirmed_chain_too_long');
  });

  it('are no coins at all when others made them', () => {
    const foreign = coin(500_000n, 1, { confirmations: 0, unconfirmedAncestors: 1 });
    expect(refusal(() => choose([foreign], 100_000n))).toBe('insufficient_funds');
  });
});

describe('chance', () => {
  it('is fair: every number and every order comes', () => {
    const random = seededRandom(9);
    const drawn = new Set(Array.from({ length: 200 }, () => randomBelow(random, 7)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const orders = new Set(Array.from({ length: 200 }, () => shuffled(['a', 'b', 'c'], random).join('')));
    expect(orders.size).toBe(6);
  });

  it('draws again where a remainder would favour small numbers', () => {
    const numbers = [0xffffffff, 0xfffffffe, 5];
    expect(randomBelow({ uint32: () => numbers.shift() ?? 0 }, 3 * 2 ** 30)).toBe(5);
  });
});
