import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { verifyWithdrawalEvidence } from '../../src/intents/index.ts';
import { satoshis, type WithdrawalId } from '../../src/shared/index.ts';
import { withdrawalEvidence } from '../../src/withdrawals/index.ts';
import { withdrawalOf } from '../../src/withdrawals/withdrawal-store.ts';
import { House, pay } from './support/house.ts';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterAll(() => house.close());

/** An auditor with the manifest alone finds every link right, and knows of which transaction. */
async function expectEvidence(id: WithdrawalId, txid?: string): Promise<void> {
  const evidence = await inTransaction(house.database, async (tx) =>
    withdrawalEvidence(tx, house.parts.queue, withdrawalOf(await house.row(id)), txid),
  );
  const manifests = [house.chain.house.scene.house.manifest];
  const trust = { manifests, withdrawal: id };
  const found = await verifyWithdrawalEvidence(JSON.parse(JSON.stringify(evidence)), trust);
  expect(found.verified.intents).toHaveLength(1);
  if (txid !== undefined) expect(found.evidence.txid).toBe(txid);
}

test('a vault withdrawal goes its whole way, and the books equal the coins at every step', async () => {
  const ada = await house.owner();
  const { id: vault } = ada.vault;
  await house.deposit(ada, 'vault', 700_000n, 400_000n);
  const { id, intent } = await house.ask(ada, { to: pay(500_000n) });
  await house.carryOn();
  expect(await house.state(id)).toBe('requested');
  expect((await house.balance('vault', vault)).available).toBe(1_100_000n);

  await house.sign(ada, intent);
  await house.carryOn();
  expect(await house.state(id)).toBe('awaiting_approval');
  expect((await house.balance('vault', vault)).available).toBe(580_000n);

  await house.judge(intent);
  await house.carryOn();
  expect(await house.state(id)).toBe('awaiting_cosigner');
  expect(await house.cosign()).toBe(1);
  await house.carryOn();
  expect(await house.state(id)).toBe('broadcast');
  expect(await house.intentState(intent)).toBe('executed');
  expect((await house.balance('vaultInFlight', vault)).posted).toBe(520_000n);
  expect(await house.difference(vault)).toBe(0n);

  await house.mine();
  await house.later();
  const row = await house.row(id);
  const { fee } = row.payout!.transactions[0]!;
  expect(row).toMatchObject({ state: 'confirmed', bookedAmount: 500_000n + fee, hindrance: null });
  expect((await house.balance('vault', vault)).posted).toBe(600_000n - fee);
  expect((await house.balance('vaultInFlight', vault)).posted).toBe(0n);
  expect(await house.difference(vault)).toBe(0n);
  await expectEvidence(id, row.payout!.transactions[0]!.txid);
});

test('a collaborative vault is signed by its customer’s own key instead of the station', async () => {
  const ada = await house.owner('collaborative');
  await house.deposit(ada, 'vault', 900_000n);
  const { id } = await house.broadcast(ada, { to: pay(300_000n) });
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
  expect(await house.difference(ada.vault.id)).toBe(0n);
});

test('a spending withdrawal is paid by the treasury, from the customer’s own balance alone', async () => {
  const ada = await house.owner();
  const bob = await house.owner();
  await house.deposit(ada, 'spending', 600_000n);
  await house.deposit(bob, 'spending', 5_000_000n);
  const { id } = await house.broadcast(ada, { balance: 'spending', to: pay(200_000n) });
  await house.mine();
  await house.later();
  const { bookedAmount } = await house.row(id);
  expect((await house.balance('spending', ada.customer.id)).posted).toBe(600_000n - bookedAmount!);
  expect((await house.balance('spending', bob.customer.id)).posted).toBe(5_000_000n);
  expect(await house.difference(house.treasury.id)).toBe(0n);
  await expectEvidence(id);
});

test('vault to spending and back: paid on the chain, credited by the deposit, never mixed', async () => {
  const ada = await house.owner();
  await house.deposit(ada, 'vault', 2_000_000n);
  await house.broadcast(ada, { to: { kind: 'spending', satoshis: satoshis(900_000n) } });
  expect((await house.balance('spending', ada.customer.id)).posted).toBe(0n);
  await house.mine(6);
  await house.later();
  expect((await house.balance('spending', ada.customer.id)).posted).toBe(900_000n);

  const back = { kind: 'vault', satoshis: satoshis(400_000n) } as const;
  const { id } = await house.broadcast(ada, { balance: 'spending', to: back });
  const vaultBefore = (await house.balance('vault', ada.vault.id)).posted;
  await house.mine(6);
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
  expect((await house.balance('vault', ada.vault.id)).posted).toBe(vaultBefore + 400_000n);
  expect(await house.difference(ada.vault.id)).toBe(0n);
  expect(await house.difference(house.treasury.id)).toBe(0n);
});
