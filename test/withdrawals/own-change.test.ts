import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { parseFeeRate, type WithdrawalId } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';
import { theft } from './support/theft.ts';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house.close());

/** A vault of one coin: whatever follows the first payout spends its change. */
async function ownerOfOne(): Promise<Owner> {
  const owner = await house.owner();
  await house.deposit(owner, 'vault', 900_000n);
  return owner;
}

async function bump(id: WithdrawalId, rate: string): Promise<unknown> {
  return await inTransaction(house.database, (tx) =>
    bumpFee(house.parts, tx, id, parseFeeRate(rate), SOMEBODY),
  );
}

/** Minutes pass, and steps may fail: what they wait for is not there yet. */
async function pass(): Promise<void> {
  for (let minute = 0; minute < 4; minute++) {
    house.chain.house.scene.clock.advance(60_000);
    await house.settle();
  }
}

async function transactionOf(id: WithdrawalId): Promise<{ txid: string; inputs: string[] }> {
  const { payout } = await house.row(id);
  return { txid: payout!.transactions.at(-1)!.txid, inputs: payout!.inputs.map(({ txid }) => txid) };
}

test('payouts follow one another without waiting for blocks, and the books equal the coins', async () => {
  const ada = await ownerOfOne();
  const ids: WithdrawalId[] = [];
  for (const amount of [100_000n, 110_000n, 120_000n]) {
    ids.push((await house.broadcast(ada, { to: pay(amount) })).id);
  }
  const [first, second, third] = await Promise.all(ids.map(transactionOf));
  expect(second!.inputs).toEqual([first!.txid]);
  expect(third!.inputs).toEqual([second!.txid]);
  for (const { txid } of [first!, second!, third!]) {
    expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
  }
  await house.mine();
  await house.later();
  for (const id of ids) expect(await house.state(id)).toBe('confirmed');
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('no more of them hang on one another than the bound; the next waits for a block', async () => {
  const ada = await ownerOfOne();
  for (let depth = 0; depth < 10; depth++) await house.broadcast(ada, { to: pay(10_000n) });
  const late = await house.ask(ada, { to: pay(10_000n) });
  await house.sign(ada, late.intent);
  await house.settle();
  await house.judge(late.intent);
  // Ten ancestors are still allowed, eleven are not.
  await house.settle();
  const next = await house.ask(ada, { to: pay(10_000n) });
  expect(await house.state(late.id)).toBe('awaiting_cosigner');
  await house.cosign();
  await house.carryOn();
  await house.sign(ada, next.intent);
  await house.settle();
  await house.judge(next.intent);
  await house.settle();
  expect(await house.row(next.id)).toMatchObject({ state: 'approved' });
  expect((await house.row(next.id)).hindrance).not.toBeNull();
  await house.mine();
  await house.later();
  expect(await house.state(next.id)).toBe('awaiting_cosigner');
  await house.cosign();
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await house.state(next.id)).toBe('confirmed');
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('the parent is replaced: an unsigned payout that spends its change is built anew', async () => {
  const ada = await ownerOfOne();
  const parent = await house.broadcast(ada, { to: pay(100_000n) });
  const { id } = await house.awaitingCosigner(ada, { to: pay(110_000n) });
  const before = await transactionOf(id);
  await bump(parent.id, '40');
  await pass();
  // The change that it was to spend will not exist, and that of the replacement is not certain yet.
  await house.cosign();
  await pass();
  expect(await house.state(id)).toBe('approved');
  await house.mine();
  await pass();
  expect(await house.state(parent.id)).toBe('confirmed');
  const after = await transactionOf(id);
  expect(after.txid).not.toBe(before.txid);
  expect(after.inputs).toEqual([(await transactionOf(parent.id)).txid]);
  await house.cosign();
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('a parent whose change a signed payout spends is not replaced; the fee of the later one is raised', async () => {
  const ada = await ownerOfOne();
  const parent = await house.broadcast(ada, { to: pay(100_000n) });
  const { id } = await house.broadcast(ada, { to: pay(110_000n) });
  await expect(bump(parent.id, '40')).rejects.toMatchObject({ code: 'fee_bump_not_possible' });
  await bump(id, '40');
  await house.cosign();
  await house.later();
  await house.mine();
  await house.later();
  expect([await house.state(parent.id), await house.state(id)]).toEqual(['confirmed', 'confirmed']);
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('the parent’s coins are stolen: what hangs on it will not be paid either, and operators hear of both', async () => {
  const ada = await ownerOfOne();
  const parent = await house.broadcast(ada, { to: pay(100_000n) });
  const child = await house.broadcast(ada, { to: pay(110_000n) });
  const stolen = await theft(house, ada, parent.id, '80');
  await house.chain.node.broadcast(stolen.bytes);
  await house.mine();
  await house.later();
  await house.later();
  expect([await house.state(parent.id), await house.state(child.id)]).toEqual(['replaced', 'replaced']);
  const alerts = await house.database.outboxEvent.count({
    where: { type: 'alert.raised', subject: { in: [parent.id, child.id] } },
  });
  expect(alerts).toBe(2);
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(250_000n);
});
