import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseTransaction } from '../../src/bitcoin/index.ts';
import { intentHash, type Intent } from '../../src/intents/index.ts';
import { satoshis, type WithdrawalId } from '../../src/shared/index.ts';
import { awaitedBundles, importBundle } from '../../src/withdrawals/index.ts';
import { House, pay, SOMEBODY, type Owner, type Wish } from './support/house.ts';

const WAIT_MS = 60_000;

let house: House;
let ada: Owner;
let bob: Owner;
beforeAll(async () => {
  house = await House.open(undefined, { waitMs: WAIT_MS, size: 3 });
  ada = await house.owner();
  bob = await house.owner();
  await house.deposit(ada, 'spending', 900_000n, 900_000n, 900_000n);
  await house.deposit(bob, 'spending', 900_000n, 900_000n, 900_000n);
});
afterAll(() => house.close());

interface Asked {
  readonly id: WithdrawalId;
  readonly intent: Intent;
}

/** Asked for and signed: it waits for people. */
async function asked(owner: Owner, amount: bigint, wish: Partial<Wish> = {}): Promise<Asked> {
  const wanted = await house.ask(owner, { balance: 'spending', to: pay(amount), ...wish });
  await house.sign(owner, wanted.intent);
  await house.carryOn();
  return wanted;
}

/** Some that are ready at the same time, and built. */
async function together(...wishes: readonly (readonly [Owner, bigint, Partial<Wish>?])[]): Promise<Asked[]> {
  const all: Asked[] = [];
  for (const [owner, amount, wish] of wishes) all.push(await asked(owner, amount, wish));
  for (const { intent } of all) await house.judge(intent);
  await house.carryOn();
  await house.later(WAIT_MS);
  return all;
}

async function payouts(all: readonly Asked[]): Promise<(string | null)[]> {
  return await Promise.all(all.map(async ({ id }) => (await house.row(id)).payoutId));
}

async function states(all: readonly Asked[]): Promise<string[]> {
  return await Promise.all(all.map(({ id }) => house.state(id)));
}

async function paid(all: readonly Asked[]): Promise<void> {
  await house.cosign();
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await states(all)).toEqual(all.map(() => 'confirmed'));
  expect(await house.difference(house.treasury.id)).toBe(0n);
}

/** The station has signed what was taken apart since, and the file comes back. */
async function cosignOld(txid: string): Promise<unknown> {
  const { psbt } = await house.database.payoutTransaction.findUniqueOrThrow({ where: { txid } });
  const [waiting] = await awaitedBundles(house.parts);
  const signed = await house.signedBundle({ ...waiting!.bundle, psbt });
  return await importBundle(house.parts, signed, SOMEBODY);
}

async function fees(all: readonly Asked[]): Promise<bigint[]> {
  return await Promise.all(
    all.map(async ({ id }) => {
      const { bookedAmount, amount } = await house.row(id);
      return bookedAmount! - amount;
    }),
  );
}

test('withdrawals of two customers share one transaction, and each bears its part of the fee to the satoshi', async () => {
  const before = (await house.balance('spending', ada.customer.id)).posted;
  const all = await together([ada, 100_000n], [bob, 110_000n], [ada, 120_000n]);
  expect(new Set(await payouts(all)).size).toBe(1);
  expect(await states(all)).toEqual(all.map(() => 'awaiting_cosigner'));
  await paid(all);
  const { payout } = await house.row(all[0]!.id);
  const [transaction] = payout!.transactions;
  expect(payout!.transactions).toHaveLength(1);
  const { outs } = parseTransaction(transaction!.transaction!);
  expect(outs.map(({ value }) => value)).toEqual(expect.arrayContaining([100_000n, 110_000n, 120_000n]));
  expect(outs).toHaveLength(4);
  const shares = await fees(all);
  expect(shares.reduce((sum, share) => sum + share)).toBe(transaction!.fee);
  expect(Math.max(...shares.map(Number)) - Math.min(...shares.map(Number))).toBeLessThanOrEqual(1);
  const after = (await house.balance('spending', ada.customer.id)).posted;
  expect(before - after).toBe(220_000n + shares[0]! + shares[2]!);

  const alone = await together([ada, 130_000n]);
  await paid(alone);
  const [own] = await fees(alone);
  expect(shares.every((share) => share < own!)).toBe(true);
});

test('one that is alone is built at once; with others on their way the oldest waits no longer than it is told', async () => {
  const lone = await asked(bob, 100_000n);
  await house.judge(lone.intent);
  await house.carryOn();
  expect(await house.state(lone.id)).toBe('awaiting_cosigner');
  await paid([lone]);

  const [first, late] = [await asked(bob, 100_000n), await asked(bob, 110_000n)];
  await house.judge(first.intent);
  await house.carryOn();
  expect(await house.state(first.id)).toBe('approved');
  await house.later(WAIT_MS - 1_000);
  expect(await house.state(first.id)).toBe('approved');
  await house.later(1_000);
  expect(await house.state(first.id)).toBe('awaiting_cosigner');
  await house.judge(late.intent);
  await house.carryOn();
  expect(new Set(await payouts([first, late])).size).toBe(2);
  await paid([first, late]);
});

test('a full batch waits for nobody, and whoever cannot bear the rate is paid apart', async () => {
  const all: Asked[] = [];
  for (const more of [0n, 1n, 2n, 3n]) all.push(await asked(ada, 100_000n + more));
  for (const { intent } of all.slice(0, 3)) await house.judge(intent);
  await house.carryOn();
  expect(new Set(await payouts(all.slice(0, 3))).size).toBe(1);
  await house.cancel(all[3]!.intent);
  await paid(all.slice(0, 3));

  const some = await together([ada, 100_000n], [bob, 100_000n, { maxFee: satoshis(300n) }], [bob, 110_000n]);
  const [one, poor, other] = await payouts(some);
  expect(one).toBe(other);
  expect(poor).not.toBe(one);
  await paid(some);
  expect((await fees(some))[1]!).toBeLessThanOrEqual(300n);
});

test('one of them is cancelled: the others are built again without it, with the approvals that they have', async () => {
  const all = await together([ada, 100_000n], [bob, 110_000n], [ada, 120_000n]);
  const [dropped, ...others] = all;
  const before = (await house.row(dropped!.id)).payout!;
  await house.cancel(dropped!.intent);
  await house.carryOn();
  await house.later(WAIT_MS);
  expect(await states(all)).toEqual(['cancelled', 'awaiting_cosigner', 'awaiting_cosigner']);
  const [payout, same] = await payouts(others);
  expect(payout).toBe(same);
  expect(payout).not.toBe(before.id);
  // The signer says that what the station may have signed before is never complete.
  const [waiting] = await awaitedBundles(house.parts);
  const givenUp = waiting!.bundle.abandoned!.map(({ statement }) => statement.txid);
  expect(givenUp).toContain(before.transactions[0]!.txid);
  await expect(cosignOld(before.transactions[0]!.txid)).rejects.toMatchObject({ code: 'bundle_not_awaited' });
  await paid(others);
});

test('the signer refuses one of them for good: it fails, and the others are paid without it', async () => {
  const all = await together([ada, 100_000n], [bob, 110_000n], [ada, 120_000n]);
  const [refused, ...others] = all;
  await house.parts.cosigner.revoke(intentHash(refused!.intent), 'seized');
  await house.cosign();
  await house.settle();
  expect(await states(others)).toEqual(['approved', 'approved']);
  expect(await Promise.all(others.map(({ intent }) => house.intentState(intent)))).toEqual([
    'approved',
    'approved',
  ]);
  await house.settle();
  await house.later(WAIT_MS);
  const [payout, same] = await payouts(others);
  expect(payout).toBe(same);
  await house.cosign();
  await house.settle();
  await house.settle();
  await house.mine();
  await house.later();
  expect(await states(all)).toEqual(['failed', 'confirmed', 'confirmed']);
  expect((await house.row(refused!.id)).endReason).toContain('revoked');
  expect(await house.difference(house.treasury.id)).toBe(0n);
});

test('a refusal that names nobody, and a worker that dies while it takes the payout apart: each is paid alone', async () => {
  const all = await together([ada, 100_000n], [bob, 110_000n], [ada, 120_000n]);
  await house.cosign();
  const { cosigner } = house.parts;
  const { txid } = (await house.row(all[0]!.id)).payout!.transactions[0]!;
  // The answer is lost, and with it who was to blame.
  await house.settle({
    ...house.parts,
    cosigner: {
      ...cosigner,
      sign: async () => {
        await cosigner.abandon(txid, 'one of them is late');
        throw new Error('killed');
      },
    },
  });
  expect(await states(all)).toEqual(all.map(() => 'awaiting_cosigner'));
  await house.settle();
  await house.settle();
  await house.later();
  const rows = await Promise.all(all.map(({ id }) => house.row(id)));
  expect(rows.every(({ alone }) => alone)).toBe(true);
  expect(new Set(rows.map(({ payoutId }) => payoutId)).size).toBe(3);
  await paid(all);
});

test('a payout that is signed is not taken apart, whatever is said of it later', async () => {
  const all = await together([ada, 100_000n], [bob, 110_000n]);
  await house.cosign();
  const { cosigner } = house.parts;
  // The signature has left, and the answer is lost.
  await house.settle({
    ...house.parts,
    cosigner: {
      ...cosigner,
      sign: async (bundle) => {
        await cosigner.sign(bundle);
        throw new Error('killed');
      },
    },
  });
  const { txid } = (await house.row(all[0]!.id)).payout!.transactions[0]!;
  expect(await cosigner.abandon(txid, 'too late')).toEqual({ abandonment: null });
  await house.later();
  await paid(all);
});
