import { describe, expect, it } from 'vitest';
import {
  buildChildPaysForParent,
  buildConsolidations,
  buildSpends,
  bumpFee,
  deriveAddress,
  MAX_PSBT_BYTES,
  MAX_STANDARD_WEIGHT,
  MINIMUM_CHANGE,
  serializePsbt,
  type BuiltSpend,
  type FeeBumpRequest,
  type WalletCoin,
} from '../../../src/bitcoin/index.ts';
import { virtualSize } from '../../../src/bitcoin/transactions/sizes.ts';
import { MAX_MONEY, parseFeeRate, satoshis, type Satoshis } from '../../../src/shared/index.ts';
import { fixtureWallet } from '../wallet-fixtures.ts';
import {
  fundingCoins,
  NOW_MS,
  payment,
  refusal,
  seededRandom,
  separateCoins,
  spendContext,
} from './spend-fixtures.ts';

const { descriptor } = fixtureWallet('build');

describe('building payouts', () => {
  const coins = separateCoins(descriptor, [50_000n, 70_000n, 200_000n, 90_000n]);
  const payments = [payment('alice', 130_000n)];

  it('pays the asked rate, signals replacement, waits for the tip', () => {
    const [spend, ...more] = buildSpends({ ...spendContext(descriptor, 12n), coins, payments });
    expect(more).toEqual([]);
    const { transaction } = spend!.psbt;
    expect(transaction.version).toBe(2);
    expect(transaction.ins.every(({ sequence }) => sequence === 0xfffffffd)).toBe(true);
    expect(transaction.locktime).toBeGreaterThan(799_900);
    expect(transaction.locktime).toBeLessThanOrEqual(800_000);
    expect(spend!.fee).toBeGreaterThanOrEqual(12n * BigInt(virtualSize(spend!.weight)));
    expect(spend!.change?.position).toEqual({ branch: 'change', index: 7 });
  });

  it('gives the same bytes for the same random numbers, and others for others', () => {
    const bytes = (seed: number): Uint8Array =>
      serializePsbt(buildSpends({ ...spendContext(descriptor, 12n, seed), coins, payments })[0]!.psbt);
    expect(bytes(5)).toEqual(bytes(5));
    expect(new Set(Array.from({ length: 12 }, (_, seed) => bytes(seed).join())).size).toBeGreaterThan(1);
  });

  it('puts change in every place', () => {
    const places = Array.from({ length: 40 }, (_, seed) => {
      const request = { ...spendContext(descriptor, 12n, seed), coins, payments };
      return buildSpends(request)[0]!.change?.outputIndex;
    });
    expect(new Set(places)).toEqual(new Set([0, 1]));
  });

  it('refuses amounts that are no payment', () => {
    const build = (value: bigint) => () =>
      buildSpends({
        ...spendContext(descriptor),
        coins,
        payments: [{ ...payments[0]!, value: value as Satoshis }],
      });
    expect(refusal(build(0n))).toBe('amount_out_of_range');
    expect(refusal(build(-1n))).toBe('amount_out_of_range');
    expect(refusal(build(MAX_MONEY + 1n))).toBe('amount_out_of_range');
    expect(refusal(build(10n ** 30n))).toBe('amount_out_of_range');
    expect(refusal(build(MAX_MONEY))).toBe('insufficient_funds');
    expect(refusal(build(293n))).toBe('payment_dust');
    expect(refusal(build(294n))).toBe('accepted');
    expect(refusal(() => buildSpends({ ...spendContext(descriptor), coins, payments: [] }))).toBe(
      'payments_missing',
    );
  });

  it('refuses fee rates outside the limits, and coins offered twice', () => {
    const build =
      (rate: string, offered: readonly WalletCoin[] = coins) =>
      () =>
        buildSpends({ ...spendContext(descriptor), feeRate: parseFeeRate(rate), coins: offered, payments });
    expect(refusal(build('0.999'))).toBe('fee_rate_out_of_limits');
    expect(refusal(build('1001'))).toBe('fee_rate_out_of_limits');
    expect(refusal(build('1'))).toBe('accepted');
    expect(refusal(build('5', [...coins, coins[0]!]))).toBe('coin_duplicate');
  });

  it('does not spend what others have paid and nobody has mined', () => {
    const unconfirmed = fundingCoins(descriptor, [500_000n], 20, 0);
    const request = { ...spendContext(descriptor), coins: unconfirmed, payments };
    expect(refusal(() => buildSpends(request))).toBe('insufficient_funds');
  });

  it('spends own change, but not below many unconfirmed transactions', () => {
    const change = (ancestors: number): WalletCoin[] =>
      fundingCoins(descriptor, [500_000n], 20, 0).map((coin) => ({
        ...coin,
        ownChange: true,
        unconfirmedAncestors: ancestors,
      }));
    const build = (ancestors: number) => () =>
      buildSpends({ ...spendContext(descriptor), coins: change(ancestors), payments });
    expect(refusal(build(10))).toBe('accepted');
    expect(refusal(build(11))).toBe('unconfirmed_chain_too_long');
  });

  it('leaves the locktime open when the tip is old', () => {
    const context = { ...spendContext(descriptor), tip: { height: 800_000, timeMs: NOW_MS - 9 * 3_600_000 } };
    expect(buildSpends({ ...context, coins, payments })[0]!.psbt.transaction.locktime).toBe(0);
  });
});

describe('splitting at the weight limit', () => {
  it('spreads payouts over transactions that nodes relay, each coin once, change in a row', () => {
    const payments = Array.from({ length: 5_000 }, (_, i) => payment(`payee ${i}`, 1_000n + BigInt(i)));
    const coins = separateCoins(descriptor, [30_000_000n, 40_000_000n]);
    const spends = buildSpends({ ...spendContext(descriptor, 2n), coins, payments });
    expect(spends.length).toBeGreaterThan(1);
    expect(spends.every(({ weight }) => weight <= MAX_STANDARD_WEIGHT)).toBe(true);
    const paid = spends.flatMap((spend) => spend.payments);
    expect(paid).toHaveLength(5_000);
    expect(new Set(paid).size).toBe(5_000);
    const spent = spends.flatMap((spend) => spend.coins.map(({ outpoint }) => outpoint));
    expect(new Set(spent).size).toBe(spent.length);
    const indexes = spends.flatMap(({ change }) => change?.position.index ?? []);
    expect(indexes).toEqual(indexes.map((_, i) => 7 + i));
  });

  it('pays all from one coin, each transaction from the change of the one before', () => {
    const payments = Array.from({ length: 4_000 }, (_, i) => payment(`payee ${i}`, 1_000n));
    const coins = separateCoins(descriptor, [50_000_000n]);
    const spends = buildSpends({ ...spendContext(descriptor, 2n), coins, payments });
    expect(spends.length).toBeGreaterThan(1);
    spends.slice(1).forEach((spend, i) => {
      expect(spend.coins[0]!.outpoint).toBe(`${spends[i]!.txid}:${spends[i]!.change!.outputIndex}`);
    });
  });

  /** As many coins as asked, from transactions with a hundred outputs each. */
  const manyCoins = (count: number): WalletCoin[] =>
    Array.from({ length: count / 100 }, (_, i) =>
      fundingCoins(descriptor, new Array<bigint>(100).fill(10_000n), 100 * i),
    ).flat();

  it('merges 1,200 coins in two transactions', () => {
    const merged = buildConsolidations({ ...spendContext(descriptor, 1n), coins: manyCoins(1_200) });
    expect(merged.map((spend) => spend.coins.length)).toEqual([956, 244]);
    expect(merged.every(({ weight }) => weight <= MAX_STANDARD_WEIGHT)).toBe(true);
    expect(merged.map(({ change }) => change!.position.index)).toEqual([7, 8]);
  });

  it('merges fewer at once where the previous transactions would make the PSBT too large', () => {
    const coins = fundingCoins(descriptor, new Array<bigint>(600).fill(10_000n));
    const merged = buildConsolidations({ ...spendContext(descriptor, 1n), coins });
    expect(merged).toHaveLength(3);
    for (const { psbt } of merged) expect(serializePsbt(psbt).length).toBeLessThan(MAX_PSBT_BYTES);
  });

  it('says that a payment which needs too many coins must wait for a consolidation', () => {
    const coins = manyCoins(1_100);
    const request = { ...spendContext(descriptor, 1n), coins, payments: [payment('alice', 9_700_000n)] };
    expect(refusal(() => buildSpends(request))).toBe('transaction_too_heavy');
  });

  it('does not merge coins that cost more than they are worth', () => {
    const coins = separateCoins(descriptor, [2_000n, 2_000n, 2_000n]);
    expect(refusal(() => buildConsolidations({ ...spendContext(descriptor, 50n), coins }))).toBe(
      'insufficient_funds',
    );
  });
});

describe('raising the fee', () => {
  const payments = [payment('alice', 100_000n), payment('bob', 50_000n)];

  function original(funds: bigint, satsPerVbyte = 2n): BuiltSpend {
    const coins = separateCoins(descriptor, [funds]);
    return buildSpends({ ...spendContext(descriptor, satsPerVbyte), coins, payments })[0]!;
  }
  const bump = (spend: BuiltSpend, rate: string, more: Partial<FeeBumpRequest> = {}): BuiltSpend =>
    bumpFee({
      wallet: descriptor,
      original: spend,
      feeRate: parseFeeRate(rate),
      limits: spendContext(descriptor).limits,
      descendantFees: satoshis(0n),
      ...more,
    });

  it('changes the fee and the change and nothing else', () => {
    const before = original(400_000n);
    const after = bump(before, '9');
    expect(after.txid).not.toBe(before.txid);
    const rest = ({ psbt, change }: BuiltSpend) => ({
      inputs: psbt.transaction.ins,
      locktime: psbt.transaction.locktime,
      outputs: psbt.transaction.outs.filter((_, i) => i !== change!.outputIndex),
      position: change!.position,
      outputIndex: change!.outputIndex,
    });
    expect(rest(after)).toEqual(rest(before));
    expect(after.change!.value + after.fee).toBe(before.change!.value + before.fee);
    expect(after.fee).toBe(9n * BigInt(virtualSize(after.weight)));
  });

  it('pays what BIP125 asks even where the new rate alone would not', () => {
    const before = original(400_000n);
    const size = BigInt(virtualSize(before.weight));
    // Rule 4: its own relay on top of the old fee.
    expect(bump(before, '2.1').fee).toBe(before.fee + size);
    // Rule 3: the fees of all that it throws out.
    const descendantFees = satoshis(20_000n);
    expect(bump(before, '3', { descendantFees }).fee).toBe(before.fee + descendantFees + size);
  });

  it('drops change that would be too small', () => {
    const before = original(160_000n);
    expect(before.change!.value).toBeGreaterThan(MINIMUM_CHANGE);
    const after = bump(before, '25');
    expect(after.change).toBeNull();
    expect(after.psbt.transaction.outs).toHaveLength(2);
    expect(after.fee).toBe(before.fee + before.change!.value);
  });

  it('refuses what it cannot do', () => {
    const before = original(400_000n);
    expect(refusal(() => bump(before, '2'))).toBe('replacement_not_possible');
    expect(refusal(() => bump(original(160_000n), '200'))).toBe('replacement_not_possible');
    expect(refusal(() => bump({ ...before, change: null }, '9'))).toBe('replacement_not_possible');
    const { limits } = spendContext(descriptor);
    expect(refusal(() => bump(before, '9', { limits: { ...limits, maxFee: satoshis(1_000n) } }))).toBe(
      'fee_out_of_limits',
    );
    expect(refusal(() => bump(before, '2000'))).toBe('fee_rate_out_of_limits');
  });
});

describe('a child that pays for its parent', () => {
  const parent = { count: 1, fees: satoshis(500n), weight: 1_000 };
  const [coin] = fundingCoins(descriptor, [80_000n], 30, 0);

  it('lifts both to the rate, paying to the wallet itself', () => {
    const child = buildChildPaysForParent({
      ...spendContext(descriptor, 20n),
      coin: coin!,
      ancestors: parent,
    });
    expect(child.fee + parent.fees).toBe(20n * BigInt(virtualSize(child.weight + parent.weight)));
    const [output] = child.psbt.transaction.outs;
    expect(output!.script).toEqual(deriveAddress(descriptor, 'change', 7).scriptPubKey);
    expect(child.payments).toEqual([]);
  });

  it('refuses where it makes no sense', () => {
    const build = (change: object) => () =>
      buildChildPaysForParent({
        ...spendContext(descriptor, 20n),
        coin: coin!,
        ancestors: parent,
        ...change,
      });
    expect(refusal(build({ coin: { ...coin!, confirmations: 1 } }))).toBe('child_not_possible');
    expect(refusal(build({ ancestors: { ...parent, count: 11 } }))).toBe('child_not_possible');
    expect(refusal(build({ ancestors: { ...parent, fees: satoshis(5_000n) } }))).toBe('child_not_possible');
    expect(refusal(build({ coin: fundingCoins(descriptor, [9_000n], 31, 0)[0]! }))).toBe(
      'child_not_possible',
    );
  });
});

describe('chance', () => {
  it('is asked, not assumed: the locktime looks back once in about ten times', () => {
    const coins = separateCoins(descriptor, [200_000n]);
    const random = seededRandom(42);
    const locktimes = Array.from({ length: 400 }, () => {
      const request = { ...spendContext(descriptor), random, coins, payments: [payment('alice', 100_000n)] };
      return buildSpends(request)[0]!.psbt.transaction.locktime;
    });
    const earlier = locktimes.filter((locktime) => locktime < 800_000);
    expect(earlier.length).toBeGreaterThan(15);
    expect(earlier.length).toBeLessThan(80);
    expect(Math.min(...earlier)).toBeGreaterThan(799_900);
  });
});
