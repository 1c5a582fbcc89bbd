// Fee variants: what one ceremony has signed is used without another, and nothing else comes of it.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parsePsbtBase64, psbtToBase64, transactionId } from '../../src/bitcoin/index.ts';
import { guardNode } from '../../src/chain/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { parseFeeRate, satoshis, type FeeRate, type WithdrawalId } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { awaitedBundles, importBundle, type StepParts } from '../../src/withdrawals/index.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';

let house: House;
let ada: Owner;
beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  await house.deposit(ada, 'vault', ...Array.from({ length: 7 }, () => 900_000n));
});
beforeEach(() => {
  house.signsVariants = true;
});
afterAll(() => house.close());

const HOUR_MS = 3_600_000;
/** As the test node has no estimate of its own, it says 20 sat/vB. */
const CAP = satoshis(60_000n);

/** Nodes that estimate another rate. */
function estimating(satsPerVbyte: string): StepParts {
  const { parts } = house;
  const feeRate = parseFeeRate(satsPerVbyte);
  const feeEstimate = async (blocks: number) => ({ ...(await parts.node.feeEstimate(blocks)), feeRate });
  return { ...parts, node: { ...guardNode(parts.node, () => Promise.resolve()), feeEstimate } };
}

async function laterAt(satsPerVbyte: string, ms = 60_000): Promise<void> {
  house.chain.house.scene.clock.advance(ms);
  const before = house.failures.length;
  await house.settle(estimating(satsPerVbyte));
  expect(house.failures.slice(before)).toEqual([]);
}

async function transactionsOf(id: WithdrawalId) {
  return (await house.row(id)).payout!.transactions;
}

function bump(id: WithdrawalId, rate: FeeRate): Promise<{ readonly txid: string }> {
  return inTransaction(house.database, (tx) => bumpFee(house.parts, tx, id, rate, SOMEBODY));
}

async function awaited(): Promise<Awaited<ReturnType<typeof awaitedBundles>>[number]['bundle']> {
  const [only, second] = await awaitedBundles(house.parts);
  expect(second).toBeUndefined();
  return only!.bundle;
}

function txidOf(psbt: string): string {
  return transactionId(parsePsbtBase64(psbt).transaction);
}

async function confirmedBy(id: WithdrawalId, txid: string): Promise<void> {
  expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
  await house.mine();
  await house.later();
  const used = (await transactionsOf(id)).find((each) => each.txid === txid)!;
  expect(await house.row(id)).toMatchObject({ state: 'confirmed', bookedAmount: 200_000n + used.fee });
  expect(await house.difference(ada.vault.id)).toBe(0n);
}

test('four fees are signed at once; when blocks become dearer, the one that fits is used, and nobody signs again', async () => {
  const { id } = await house.awaitingCosigner(ada, { to: pay(200_000n), maxFee: CAP });
  const { psbt, variants = [] } = await awaited();
  const sizes = [psbt, ...variants].map((each) => parsePsbtBase64(each).transaction.ins.length);
  expect(sizes).toEqual([1, 1, 1, 1]);
  await house.cosign();
  await house.carryOn();
  const [first] = await transactionsOf(id);
  // It has not waited long enough, or blocks are no dearer.
  await laterAt('30');
  await laterAt('20', 2 * HOUR_MS);
  expect(await transactionsOf(id)).toHaveLength(1);
  await laterAt('30');
  const [, second] = await transactionsOf(id);
  expect(second).toMatchObject({ txid: txidOf(variants[0]!), number: 2, feeRate: 40_000n });
  await laterAt('100');
  expect(await transactionsOf(id)).toHaveLength(2);
  await laterAt('100', HOUR_MS);
  await laterAt('100');
  const [, , third] = await transactionsOf(id);
  expect(third).toMatchObject({ txid: txidOf(variants[2]!), number: 3 });
  expect(await house.chain.node.mempoolEntry(first!.txid)).toBeUndefined();
  // Beyond the last it waits: nothing more is signed.
  await laterAt('500', 2 * HOUR_MS);
  expect(await transactionsOf(id)).toHaveLength(3);
  expect(await awaitedBundles(house.parts)).toEqual([]);
  await confirmedBy(id, third!.txid);
});

test('a fee raised by people takes what is signed, and asks for a new ceremony only beyond it', async () => {
  const { id } = await house.broadcast(ada, { to: pay(200_000n), maxFee: CAP });
  const { txid } = await bump(id, parseFeeRate('50'));
  await house.carryOn();
  expect(await awaitedBundles(house.parts)).toEqual([]);
  expect((await transactionsOf(id)).map(({ transaction }) => transaction !== null)).toEqual([true, true]);
  expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
  const dearer = await bump(id, parseFeeRate('170'));
  const { psbt, variants } = await awaited();
  expect(txidOf(psbt)).toBe(dearer.txid);
  // Twice as much would be beyond what was approved.
  expect(variants).toBeUndefined();
  await house.cosign();
  await house.later();
  await house.later();
  await confirmedBy(id, dearer.txid);
});

test('what has waited long for its ceremony is sent at the rate of the day', async () => {
  const { id } = await house.awaitingCosigner(ada, { to: pay(200_000n), maxFee: CAP });
  const { variants = [] } = await awaited();
  house.chain.house.scene.clock.advance(5 * HOUR_MS);
  await house.cosign();
  await laterAt('70', 0);
  const [first, second] = await transactionsOf(id);
  expect(first!.transaction).toBeNull();
  expect(second!.txid).toBe(txidOf(variants[1]!));
  await confirmedBy(id, second!.txid);
});

test('no variant is dearer than what was approved', async () => {
  const { id } = await house.awaitingCosigner(ada, { to: pay(200_000n), maxFee: satoshis(9_000n) });
  expect((await awaited()).variants).toHaveLength(1);
  const variants = await house.database.payoutVariant.findMany({
    where: { payout: { withdrawals: { some: { intentId: (await house.row(id)).intentId } } } },
  });
  expect(variants.every(({ fee }) => fee <= 9_000n)).toBe(true);
  await house.cosign();
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
});

test('a cosigner who signs the first alone, as hardware wallets do, is enough; the others are never used', async () => {
  house.signsVariants = false;
  const { id } = await house.broadcast(ada, { to: pay(200_000n), maxFee: CAP });
  await laterAt('100', 5 * HOUR_MS);
  const [only, second] = await transactionsOf(id);
  expect(second).toBeUndefined();
  await confirmedBy(id, only!.txid);
});

test('a variant that was not built here, or whose signatures are of another, is refused with an alert', async () => {
  const { id } = await house.awaitingCosigner(ada, { to: pay(200_000n), maxFee: CAP });
  const signed = await house.signedBundle(await awaited());
  const other = await house.awaitingCosigner(ada, { to: pay(210_000n), maxFee: CAP });
  const theirs = (await transactionsOf(other.id))[0]!.psbt;
  const alerts = () => house.database.outboxEvent.count({ where: { type: 'alert.raised' } });
  const before = await alerts();
  const unknown = { ...signed, variants: [theirs] };
  await expect(importBundle(house.parts, unknown, SOMEBODY)).rejects.toMatchObject({
    code: 'bundle_unknown',
  });
  expect(await alerts()).toBe(before + 1);
  // Signatures of one variant under another.
  const [cheap, dear] = signed.variants!.map(parsePsbtBase64);
  const swapped = psbtToBase64({ ...dear!, transaction: cheap!.transaction, global: cheap!.global });
  const forged = { ...signed, variants: [swapped] };
  await expect(importBundle(house.parts, forged, SOMEBODY)).rejects.toMatchObject({
    code: 'signature_invalid',
  });
  expect(await alerts()).toBe(before + 2);
  await house.cancel(other.intent);
  await house.carryOn();
  expect(await house.state(id)).toBe('awaiting_cosigner');
  await importBundle(house.parts, signed, SOMEBODY);
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
});

test('what is built anew is given up with all its variants', async () => {
  const { id } = await house.awaitingCosigner(ada, { to: pay(200_000n), maxFee: CAP });
  const { psbt, variants = [] } = await awaited();
  await house.database.payout.update({
    where: { id: (await house.row(id)).payoutId! },
    data: { reservedUntil: new Date(0) },
  });
  await house.later();
  await house.later();
  const again = await awaited();
  expect(again.abandoned!.map(({ statement }) => statement.txid).sort()).toEqual(
    [psbt, ...variants].map(txidOf).sort(),
  );
  await house.cosign();
  await house.carryOn();
  await house.mine();
  await house.later();
  expect(await house.state(id)).toBe('confirmed');
});
