// Spending balances are paid out of the wallet that two signers spend, when it can pay them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { verifyWithdrawalEvidence, type WithdrawalIntent } from '../../src/intents/index.ts';
import { idToUuid, type WithdrawalId } from '../../src/shared/index.ts';
import type { Wallet } from '../../src/wallets/index.ts';
import { withdrawalEvidence, type StepParts } from '../../src/withdrawals/index.ts';
import { withdrawalOf } from '../../src/withdrawals/withdrawal-store.ts';
import { FrozenHouse } from '../freeze/frozen-house.ts';
import { runAsSuperuser } from '../ledger/ledger-database.ts';
import { House, pay, type Owner } from './support/house.ts';

let house: House;
let hot: Wallet;
let ada: Owner;
beforeAll(async () => {
  house = await House.open(undefined, undefined, undefined, true);
  hot = await house.chain.house.treasury('treasury_hot');
  ada = await house.owner();
  // Coins that come to the hot wallet by a refill are the institution's; here a customer brings them.
  for (const amount of [900_000n, 900_000n, 900_000n, 900_000n]) {
    const { address } = await house.chain.house.give(hot.id, ada.customer.id);
    await house.chain.pay(address, amount);
  }
  await house.mine(6);
});
afterAll(() => house.close());

async function approved(amount = 150_000n): Promise<{ id: WithdrawalId; intent: WithdrawalIntent }> {
  const asked = await house.ask(ada, { balance: 'spending', to: pay(amount) });
  await house.sign(ada, asked.intent);
  await house.carryOn();
  await house.judge(asked.intent);
  return asked;
}

async function signatures(): Promise<readonly number[]> {
  const { scene, second } = house.chain.house;
  return [await scene.signatures(), await second!.scene.signatures()];
}

test('both signers pin the wallet; a payout needs both, no station, and the books equal the coins', async () => {
  const { signer, second } = house.chain.house;
  expect((await signer.status({})).wallets).toBeGreaterThan(1);
  expect((await second!.client.status({})).wallets).toBe(1);
  const { id, intent } = await approved();
  expect(intent.body.wallet).toBe(hot.id);
  await house.carryOn();
  expect(await house.state(id)).toBe('broadcast');
  expect(await signatures()).toEqual([1, 1]);
  await house.mine();
  await house.later();
  const row = await house.row(id);
  expect(row).toMatchObject({ state: 'confirmed', hindrance: null });
  expect(await house.difference(hot.id)).toBe(0n);

  const evidence = await inTransaction(house.database, (tx) =>
    withdrawalEvidence(tx, house.parts.queue, withdrawalOf(row)),
  );
  const manifests = [house.chain.house.scene.house.manifest];
  const found = await verifyWithdrawalEvidence(JSON.parse(JSON.stringify(evidence)), { manifests });
  expect(found.evidence.txid).toBe(row.payout!.transactions[0]!.txid);
});

test('what the hot wallet cannot pay goes out of the treasury that a station cosigns', async () => {
  const bob = await house.owner();
  await house.deposit(bob, 'spending', 30_000_000n);
  const large = await house.ask(bob, { balance: 'spending', to: pay(20_000_000n) });
  expect(large.intent.body.wallet).toBe(house.treasury.id);
  const small = await house.ask(bob, { balance: 'spending', to: pay(100_000n) });
  expect(small.intent.body.wallet).toBe(hot.id);
});

/** What happens while the first signer has signed and the second was not asked yet. */
function between(happens: (txid: string) => Promise<unknown>): StepParts {
  const { cosigner } = house.parts;
  const pair = cosigner.pair!;
  const cosign: typeof pair.cosign = async (bundle) => {
    const answer = await pair.cosign(bundle);
    await happens(answer.txid);
    return answer;
  };
  return {
    ...house.parts,
    cosigner: { ...cosigner, pair: { cosign, complete: (bundle) => pair.complete(bundle) } },
  };
}

test('the first signer’s answer is lost, and the payout cancelled: revoked and given up at both, its coins pay another', async () => {
  const { id, intent } = await approved(800_000n);
  const before = await signatures();
  await house.settle(between(() => Promise.reject(new Error('the line is cut'))));
  expect(await signatures()).toEqual([before[0]! + 1, before[1]]);
  expect(await house.state(id)).toBe('awaiting_cosigner');
  await house.cancel(intent);
  await house.later();
  expect(await house.state(id)).toBe('cancelled');

  // All that there is, so that the coins of the first are among it.
  const others = [await approved(850_000n), await approved(850_000n), await approved(850_000n)];
  await house.later();
  for (const other of others) expect(await house.state(other.id)).toBe('broadcast');
  await house.mine();
  await house.later();
  expect(await house.difference(hot.id)).toBe(0n);
});

test('called another plan in the database, it pays nothing until it is what was registered', async () => {
  const { id } = await approved();
  const before = await signatures();
  const call = (plan: string): Promise<unknown> =>
    runAsSuperuser(
      house.chain.house.scene.database,
      `SET session_replication_role = replica; UPDATE app.wallet SET plan = '${plan}' WHERE id = '${idToUuid(hot.id)}'`,
    );
  await call('custodial');
  await house.settle();
  expect(house.failures.at(-1)).toMatchObject({ code: 'wallet_damaged' });
  expect(await house.cosign()).toBe(0);
  expect(await signatures()).toEqual(before);
  const alert = { type: 'alert.raised', subject: id };
  expect(await house.database.outboxEvent.count({ where: alert })).toBeGreaterThan(0);
  await call('treasury_hot');
  await house.later();
  expect(await house.state(id)).toBe('broadcast');
});

test('frozen between the two signatures: the second refuses, and what the first signed is given up at both', async () => {
  const frozen = new FrozenHouse(house);
  const { signer, second } = house.chain.house;
  const { id } = await approved();
  const before = await signatures();
  let txid = '';
  await house.settle(
    between(async (signed) => {
      txid = signed;
      await frozen.frozen(ada.customer.id);
    }),
  );
  await house.later();
  expect(await signatures()).toEqual([before[0]! + 1, before[1]]);
  expect(await house.state(id)).toBe('awaiting_approval');
  for (const client of [signer, second!.client]) {
    const { alerts } = await client.alerts({ after: 0, limit: 500 });
    expect(alerts.filter(({ details }) => details['txid'] === txid).at(-1)?.kind).toBe('abandoned');
  }
});
