import { afterAll, beforeAll, expect, test } from 'vitest';
import { readBalances } from '../../src/wallets/index.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

let chain: ChainHouse;

beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

test('a deposit is pending in a block, and credited when it is deep enough', async () => {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id, 'rent');
  const vault = async () => {
    const { vaults } = await readBalances(chain.house.ledger, customer.id, [wallet.id]);
    return vaults[0]!;
  };
  await chain.pay(address, 5_000_000n);
  await chain.mine(1);
  expect(await vault()).toMatchObject({ posted: 0n, pending: 5_000_000n, available: 0n });
  expect(await chain.difference(wallet.id)).toBe(0n);
  await chain.mine(1);
  expect(await vault()).toMatchObject({ posted: 5_000_000n, pending: 0n, available: 5_000_000n });
  expect(await chain.difference(wallet.id)).toBe(0n);
  const [deposit] = await chain.deposits(wallet.id);
  expect(deposit).toMatchObject({ state: 'credited', cycle: 1, booked: { blockHash: deposit?.block?.hash } });
});
