// A confirmation, or its loss, is booked, the process dies before it is written down, and the chain moves on.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { IntentError } from '../../src/intents/index.ts';
import { parseFeeRate } from '../../src/shared/index.ts';
import { reconcileWallet } from '../../src/wallets/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import type { StepParts } from '../../src/withdrawals/index.ts';
import { numberedScript } from '../chain/support/followed-chain.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';

let house: House;
let ada: Owner;
beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  await house.deposit(ada, 'vault', 900_000n, 900_000n);
});
afterAll(() => house.close());

/** A process whose next word to the ledger is heard there, and its answer by nobody. */
function deafToLedger(): StepParts {
  const { ledger } = house.parts;
  return {
    ...house.parts,
    ledger: {
      async transfer(transfers) {
        await ledger.transfer(transfers);
        throw new Error('killed');
      },
    },
  };
}

async function dieAtNextBooking(): Promise<void> {
  house.chain.house.scene.clock.advance(60_000);
  const known = house.failures.length;
  await house.settle(deafToLedger());
  expect(house.failures.slice(known)).toEqual([new Error('killed')]);
}

async function expectBalanced(): Promise<void> {
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(0n);
  const both = await reconcileWallet(house.database, house.chain.house.ledger, ada.vault.id);
  expect(both.difference).toBe(0n);
}

test('a confirmation that was booked and not heard of, and then a dearer form is mined: booked once, at its cost', async () => {
  const before = (await house.balance('vault', ada.vault.id)).posted;
  const { id } = await house.broadcast(ada, { to: pay(200_000n) });
  await inTransaction(house.database, (tx) => bumpFee(house.parts, tx, id, parseFeeRate('40'), SOMEBODY));
  await house.cosign();
  house.chain.house.scene.clock.advance(60_000);
  const { node } = house.parts;
  const silent = {
    ...{ broadcast: () => Promise.reject(new Error('the node is away')) },
    ...{ mempoolEntry: () => Promise.resolve(undefined), tip: () => node.tip() },
    ...{ feeEstimate: node.feeEstimate.bind(node), header: node.header.bind(node) },
  };
  await house.settle({ ...house.parts, node: silent });
  await house.mine();
  await dieAtNextBooking();
  const { payout, state } = await house.row(id);
  expect(state).toBe('broadcast');
  const [cheap, dear] = payout!.transactions;
  expect(dear!.fee).toBeGreaterThan(cheap!.fee);

  await house.chain.regtest.control.disconnect(1);
  await house.chain.node.broadcast(dear!.transaction!);
  await house.chain.regtest.control.mine(1, numberedScript(21));
  await house.mine(1);
  for (let round = 0; round < 3; round++) await house.later();
  const bookedAmount = 200_000n + dear!.fee;
  expect(await house.row(id)).toMatchObject({ state: 'confirmed', confirmedCycle: 2, bookedAmount });
  expect((await house.balance('vault', ada.vault.id)).posted).toBe(before - bookedAmount);
  await expectBalanced();
});

test('the loss of a confirmation that was booked and not heard of, and then the same payout is mined anew: booked once', async () => {
  const before = (await house.balance('vault', ada.vault.id)).posted;
  const { control } = house.chain.regtest;
  const { id } = await house.broadcast(ada, { to: pay(150_000n) });
  await house.mine(2);
  await house.later();
  const confirmed = await house.row(id);
  expect(confirmed).toMatchObject({ state: 'confirmed', confirmedCycle: 1 });
  const [sent] = confirmed.payout!.transactions;

  // It may not be mined below the height that the chain had when it was built (its lock time, against fee sniping),
  // so a node whose chain has become shorter drops it, and the blocks after that come without it.
  await control.disconnect(3);
  expect(await house.chain.node.mempoolEntry(sent!.txid)).toBeUndefined();
  await expect(house.chain.node.broadcast(sent!.transaction!)).rejects.toMatchObject({
    details: { reason: 'not_final' },
  });
  await control.mine(1, numberedScript(22));
  await control.mine(3);
  expect(await house.chain.node.mempoolEntry(sent!.txid)).toBeUndefined();

  // That it is in no block is booked; the process dies; and somebody else has sent it meanwhile.
  await house.chain.settle();
  await dieAtNextBooking();
  expect(await house.state(id)).toBe('confirmed');
  await house.chain.node.broadcast(sent!.transaction!);
  await house.mine(1);
  for (let round = 0; round < 3; round++) await house.later();
  const again = await house.row(id);
  expect(again).toMatchObject({ state: 'confirmed', confirmedCycle: 2 });
  expect(again.payout!.transactions).toHaveLength(1);
  expect((await house.balance('vault', ada.vault.id)).posted).toBe(before - again.bookedAmount!);
  await expectBalanced();
});

test('a payout that a node has forgotten is sent again by the worker itself', async () => {
  const before = (await house.balance('vault', ada.vault.id)).posted;
  const { control } = house.chain.regtest;
  const { id } = await house.broadcast(ada, { to: pay(140_000n) });
  await house.mine(2);
  await house.later();
  const [sent] = (await house.row(id)).payout!.transactions;
  await control.disconnect(3);
  await control.mine(1, numberedScript(23));
  await control.mine(3);
  expect(await house.chain.node.mempoolEntry(sent!.txid)).toBeUndefined();
  await house.chain.settle();
  await house.later();
  await house.later();
  expect(await house.state(id)).toBe('broadcast');
  expect(await house.chain.node.mempoolEntry(sent!.txid)).toBeDefined();
  await house.mine(1);
  await house.later();
  const again = await house.row(id);
  expect(again).toMatchObject({ state: 'confirmed', confirmedCycle: 2 });
  expect(again.payout!.transactions.map(({ transaction }) => transaction)).toEqual([sent!.transaction]);
  expect((await house.balance('vault', ada.vault.id)).posted).toBe(before - again.bookedAmount!);
  await expectBalanced();
});

test('given up, its hold let go, and killed before that is written: it is never paid without a hold', async () => {
  const before = (await house.balance('vault', ada.vault.id)).available;
  const { id, intent } = await house.ask(ada, { to: pay(50_000n) });
  await house.sign(ada, intent);
  await house.carryOn();
  await house.judge(intent);
  const { manifest } = house.chain.house.scene.house;
  const nobody = { ...manifest, approvers: [] };
  const known = house.failures.length;
  await house.settle({
    ...deafToLedger(),
    trust: { ...house.parts.trust, manifest: () => Promise.resolve(nobody) },
  });
  expect(house.failures.slice(known)).toEqual([expect.any(IntentError), new Error('killed')]);
  expect((await house.balance('vault', ada.vault.id)).available).toBe(before);
  // By the manifest of now it could be paid.
  house.chain.house.scene.clock.advance(60_000);
  await house.settle();
  await house.cosign();
  await house.settle();
  expect(await house.row(id)).toMatchObject({ state: 'failed', payoutId: null });
  expect((await house.balance('vault', ada.vault.id)).available).toBe(before);
  await expectBalanced();
});
