import { afterAll, beforeAll, expect, test } from 'vitest';
import { DepositFollower, requestSearch, stepDeposits } from '../../src/deposits/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { readBalances } from '../../src/wallets/index.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

let chain: ChainHouse;

beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

function starting(name: string, startHeight?: number, network: 'regtest' | 'mainnet' = 'regtest') {
  const { database } = chain.house;
  return new DepositFollower({ database, node: chain.node, network, clock: systemClock, name, startHeight });
}

function row(name: string) {
  return chain.house.database.chainFollower.findUniqueOrThrow({ where: { name } });
}

test('the first start pins a height; a later one is refused, an earlier one searches what lies between', async () => {
  const { height } = await chain.node.tip();
  const start = height - 200;
  await starting('pinned', start).poll();
  expect(await row('pinned')).toMatchObject({ startHeight: start, height });
  // Nothing said, or the same said again: goes on.
  await starting('pinned').poll();
  await starting('pinned', start).poll();
  await expect(starting('pinned', start + 1).poll()).rejects.toMatchObject({ code: 'start_height_refused' });
  const raise = chain.house.database.chainFollower.updateMany({
    where: { name: 'pinned' },
    data: { startHeight: start + 1 },
  });
  await expect(raise).rejects.toThrow(/followed from an earlier block/);
  await starting('pinned', start - 50).poll();
  expect(await row('pinned')).toMatchObject({ startHeight: start - 50, rescanFrom: null, height });
});

test('a height that may still be undone, or lies above the tip, is no start; mainnet needs one', async () => {
  const { height } = await chain.node.tip();
  for (const wrong of [height - 143, height, height + 10]) {
    await expect(starting('new', wrong).poll()).rejects.toMatchObject({ code: 'start_height_refused' });
  }
  await expect(starting('new', undefined, 'mainnet').poll()).rejects.toMatchObject({
    code: 'start_height_refused',
    details: { network: 'mainnet' },
  });
  expect(await chain.house.database.chainFollower.count({ where: { name: 'new' } })).toBe(0);
});

test('no wallet is older than the block to start from', async () => {
  const { wallet } = await chain.house.vault();
  const { scene } = chain.house;
  // As if it had been opened before there was this chain.
  await scene.query(
    `UPDATE app.wallet SET created_at = 'epoch' WHERE id = (SELECT min(id::text)::uuid FROM app.wallet) RETURNING id`,
  );
  await chain.regtest.control.mine(1);
  await expect(starting('late', 10).poll()).rejects.toMatchObject({
    code: 'start_height_refused',
    details: { walletCreatedAt: '1970-01-01T00:00:00.000Z' },
  });
  expect(wallet.state).toBe('open');
});

test('what was paid before it was watched is found when it is searched for, spent or not, and credited once', async () => {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id);
  await chain.mine(0);
  const before = (await chain.node.tip()).height;
  await chain.pay(address, 40_000n);
  await chain.mine(3);
  const { database, ledger, scene } = chain.house;
  await scene.query(`DELETE FROM app.deposit RETURNING id`);
  await scene.query(`DELETE FROM app.coin RETURNING txid`);
  chain.follower = chain.newFollower();
  await chain.mine(1);
  expect(await chain.deposits(wallet.id)).toEqual([]);
  await requestSearch(database, 'worker', before);
  await requestSearch(database, 'worker', before + 1);
  expect(await row('worker')).toMatchObject({ rescanFrom: before });
  await chain.follower.poll();
  while ((await stepDeposits(chain.depositParts)) > 0);
  expect(await row('worker')).toMatchObject({ rescanFrom: null, startHeight: 0 });
  const [deposit] = await chain.deposits(wallet.id);
  expect(deposit).toMatchObject({ state: 'credited', cycle: 1 });
  const { vaults } = await readBalances(ledger, customer.id, [wallet.id]);
  expect(vaults[0]).toMatchObject({ posted: 40_000n });
  expect(await chain.difference(wallet.id)).toBe(0n);
  // Again: nothing new.
  await requestSearch(database, 'worker', 0);
  await chain.settle();
  expect(await chain.deposits(wallet.id)).toMatchObject([{ id: deposit!.id, cycle: 1 }]);
  await expect(requestSearch(database, 'worker', 1_000_000)).rejects.toMatchObject({
    code: 'height_not_followed',
  });
  await expect(requestSearch(database, 'nobody', 0)).rejects.toMatchObject({ code: 'chain_not_followed' });
});
