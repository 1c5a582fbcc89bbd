import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { parseFeeRate, satoshis, type WithdrawalId } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';

let house: House;
let ada: Owner;
let bob: Owner;
beforeAll(async () => {
  house = await House.open(undefined, { waitMs: 60_000, size: 10 });
  ada = await house.owner();
  bob = await house.owner();
  await house.deposit(ada, 'vault', 900_000n, 900_000n, 900_000n);
  await house.deposit(ada, 'spending', 900_000n);
  await house.deposit(bob, 'spending', 900_000n);
});
afterAll(() => house.close());

async function raise(
  id: WithdrawalId,
  rate: string,
  means: 'replacement' | 'child',
): Promise<{ readonly txid: string }> {
  return await inTransaction(house.database, (tx) =>
    bumpFee(house.parts, tx, id, parseFeeRate(rate), SOMEBODY, means),
  );
}

test('a child pays for its parent, which stays as it is; both fees are borne, to the satoshi, within the caps', async () => {
  const all = [];
  for (const owner of [ada, bob]) {
    const asked = await house.ask(owner, { balance: 'spending', to: pay(100_000n) });
    await house.sign(owner, asked.intent);
    await house.carryOn();
    all.push(asked);
  }
  for (const { intent } of all) await house.judge(intent);
  await house.carryOn();
  await house.later();
  await house.cosign();
  await house.carryOn();
  const [first] = all;
  const child = await raise(first!.id, '40', 'child');
  await expect(raise(first!.id, '60', 'child')).rejects.toMatchObject({ code: 'fee_bump_not_possible' });
  expect(await house.cosign()).toBe(1);
  await house.later();
  await house.later();
  const [paying, helping] = (await house.row(first!.id)).payout!.transactions;
  expect(helping).toMatchObject({ txid: child.txid, childOf: 1 });
  expect(await house.chain.node.mempoolEntry(paying!.txid)).toBeDefined();
  expect(await house.chain.node.mempoolEntry(child.txid)).toBeDefined();
  await house.mine();
  await house.later();
  const rows = await Promise.all(all.map(({ id }) => house.row(id)));
  expect(rows.map(({ state }) => state)).toEqual(['confirmed', 'confirmed']);
  const borne = rows.map(({ bookedAmount, amount }) => bookedAmount! - amount);
  expect(borne[0]! + borne[1]!).toBe(paying!.fee + helping!.fee);
  expect(borne.every((share, index) => share <= rows[index]!.maxFee)).toBe(true);
  expect(await house.difference(house.treasury.id)).toBe(0n);
  // What the child returned is an ordinary coin again.
  const next = await house.broadcast(bob, { balance: 'spending', to: pay(500_000n) });
  await house.mine();
  await house.later();
  expect(await house.state(next.id)).toBe('confirmed');
  expect(await house.difference(house.treasury.id)).toBe(0n);
});

test('a child beyond what was approved is not built', async () => {
  const { id } = await house.broadcast(ada, { to: pay(100_000n), maxFee: satoshis(5_000n) });
  await expect(raise(id, '100', 'child')).rejects.toMatchObject({ code: 'fee_out_of_limits' });
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
});

test('the parent is mined before anybody has signed the child: it is paid, and its change is free', async () => {
  const { id } = await house.broadcast(ada, { to: pay(100_000n) });
  await raise(id, '40', 'child');
  await house.mine();
  await house.later();
  const { state, bookedAmount, payout } = await house.row(id);
  expect({ state, bookedAmount }).toEqual({
    state: 'confirmed',
    bookedAmount: 100_000n + payout!.transactions[0]!.fee,
  });
  expect(await house.cosign()).toBe(0);
  const { txid } = payout!.transactions[0]!;
  const change = await house.database.coin.findFirstOrThrow({ where: { txid, source: 'change' } });
  expect(change).toMatchObject({ reservedFor: null, withheld: false });
});

test('the parent is replaced after all: the child goes with it, and only what was mined is borne', async () => {
  const { id } = await house.broadcast(ada, { to: pay(100_000n) });
  await raise(id, '25', 'child');
  await house.cosign();
  await house.later();
  await house.later();
  const { txid } = await raise(id, '70', 'replacement');
  await house.cosign();
  await house.later();
  await house.later();
  const transactions = (await house.row(id)).payout!.transactions;
  expect(transactions.map(({ childOf }) => childOf)).toEqual([null, 1, null]);
  expect(transactions[2]!.fee).toBeGreaterThan(transactions[0]!.fee + transactions[1]!.fee);
  expect(await house.chain.node.mempoolEntry(transactions[1]!.txid)).toBeUndefined();
  expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
  await house.mine();
  await house.later();
  expect(await house.row(id)).toMatchObject({
    state: 'confirmed',
    bookedAmount: 100_000n + transactions[2]!.fee,
  });
  expect(await house.difference(ada.vault.id)).toBe(0n);
});
