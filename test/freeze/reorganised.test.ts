// A frozen balance is not debited: what a reorganisation takes back of it is owed, and paid before it can be spent.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accountId, bookEvent } from '../../src/ledger/client/index.ts';
import { newId } from '../../src/shared/index.ts';
import { House, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

let house: House;
let office: FrozenHouse;
let ada: Owner;
let bob: Owner;
beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  ada = await house.owner();
  bob = await house.owner();
});
afterAll(() => house.close());

test('a deposit that is mined anew while its owner is frozen is there once when the freeze ends', async () => {
  const amount = 300_000n;
  for (const wallet of [ada.vault.id, house.treasury.id]) {
    const { address } = await house.chain.house.give(wallet, ada.customer.id);
    await house.chain.pay(address, amount);
  }
  await house.mine(2);
  const balances = [
    ['vault', ada.vault.id, 'vaultReceivable'],
    ['spending', ada.customer.id, 'spendingReceivable'],
  ] as const;
  const restriction = await office.frozen(ada.customer.id);
  await house.chain.regtest.control.reorg(2);
  await house.chain.settle();
  for (const [balance, owner, owed] of balances) {
    expect((await house.balance(balance, owner)).posted).toBe(2n * amount);
    expect((await house.balance(owed, owner)).posted).toBe(amount);
  }
  // Whoever asks for all of it at the very moment when the freeze ends comes too late.
  const payment = bookEvent({
    ...{ event: 'instantTransfer', entity: newId('transfer'), asset: 1 },
    parties: { customer: ada.customer.id, other: bob.customer.id },
    amounts: { amount: amount + 1n },
  });
  const { ledger } = office.parts;
  const racing = {
    submit: (commands: Parameters<typeof ledger.submit>[0]) => ledger.submit([...commands, ...payment]),
  };
  const hurried = new FrozenHouse(house);
  Object.assign(hurried.parts, { ledger: racing });
  await hurried.release(restriction);
  for (const [balance, owner, owed] of balances) {
    expect(await house.balance(balance, owner)).toEqual({ posted: amount, available: amount });
    expect((await house.balance(owed, owner)).posted).toBe(0n);
  }
  const { value } = await house.chain.house.ledger.accounts([accountId('spending', 1, bob.customer.id)]);
  expect(value[0]?.creditsPosted ?? 0n).toBe(0n);
  for (const wallet of [ada.vault.id, house.treasury.id]) expect(await house.difference(wallet)).toBe(0n);
});
