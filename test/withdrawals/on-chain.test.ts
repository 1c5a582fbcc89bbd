import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { parseFeeRate, satoshis } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { House, pay, PAYEE, SOMEBODY, type Owner } from './support/house.ts';
import { theft } from './support/theft.ts';

let house: House;
let ada: Owner;
beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  await house.deposit(ada, 'vault', 800_000n, 800_000n, 800_000n, 800_000n);
});
afterAll(() => house.close());

/** The last block goes. Something new waits for the next one, which is else the same, and known to be invalid. */
async function disconnect(): Promise<void> {
  await house.chain.regtest.control.disconnect(1);
  await house.chain.pay(PAYEE, 10_000n);
}

test('a fee bump replaces the transaction: same coins, same payments, signed anew, paid once', async () => {
  const { id } = await house.broadcast(ada, { to: pay(200_000n) });
  const { txid } = await inTransaction(house.database, (tx) =>
    bumpFee(house.parts, tx, id, parseFeeRate('40'), SOMEBODY),
  );
  expect(await house.cosign()).toBe(1);
  await house.later();
  await house.later();
  const [first, second] = (await house.row(id)).payout!.transactions;
  expect(second).toMatchObject({ txid, number: 2 });
  expect(second!.fee).toBeGreaterThan(first!.fee);
  expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
  expect(await house.chain.node.mempoolEntry(first!.txid)).toBeUndefined();
  await house.mine();
  await house.later();
  expect(await house.row(id)).toMatchObject({ state: 'confirmed', bookedAmount: 200_000n + second!.fee });
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('a fee beyond what was approved is not built', async () => {
  const { id } = await house.broadcast(ada, { to: pay(200_000n), maxFee: satoshis(5_000n) });
  const bump = inTransaction(house.database, (tx) =>
    bumpFee(house.parts, tx, id, parseFeeRate('100'), SOMEBODY),
  );
  await expect(bump).rejects.toMatchObject({ code: 'fee_out_of_limits' });
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
});

test('a reorganisation that keeps the payout changes nothing in the books', async () => {
  const { id } = await house.broadcast(ada, { to: pay(100_000n) });
  await house.mine();
  await house.later();
  await disconnect();
  await house.mine(2);
  await house.later();
  expect(await house.row(id)).toMatchObject({ state: 'confirmed', confirmedCycle: 1 });
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('a foreign transaction takes the coins before the payout is sent; when its block goes, ours counts', async () => {
  const away = () => Promise.reject(new Error('the node is away'));
  const { id } = await house.awaitingCosigner(ada, { to: pay(100_000n) });
  await house.cosign();
  await house.settle({ ...house.parts, node: { ...house.chain.node, ...house.parts.node, broadcast: away } });
  expect(await house.state(id)).toBe('platform_signed');
  const foreign = await theft(house, ada, id, '1');
  await house.chain.node.broadcast(foreign.bytes);
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('replaced');
  // Nothing of it is given back: coins are gone, and people have to find out why.
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(120_000n);

  await disconnect();
  const { transaction } = (await house.row(id)).payout!.transactions[0]!;
  await house.chain.node.broadcast(transaction!);
  await house.mine(2);
  await house.later();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(0n);
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('a confirmed payout is thrown out by a reorganisation and a dearer foreign spend: unbooked, then replaced', async () => {
  const { id } = await house.broadcast(ada, { to: pay(100_000n) });
  await house.mine();
  await house.later();
  const { bookedAmount } = await house.row(id);
  const foreign = await theft(house, ada, id, '80');
  await disconnect();
  await house.chain.node.broadcast(foreign.bytes);
  await house.mine(2);
  await house.later();
  await house.later();
  expect(await house.row(id)).toMatchObject({ state: 'replaced', confirmedCycle: 1 });
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(bookedAmount);
});
