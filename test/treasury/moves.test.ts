// Coins of the institution between its own wallets: real node, ledger, database and two signers; this process is worker,
// staff and station.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import {
  intentHash,
  manifestHash,
  statementDigest,
  type Intent,
  type RequestSignature,
} from '../../src/intents/index.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { idToUuid, isoTime, newId, parseId, satoshis, type StaffId } from '../../src/shared/index.ts';
import { awaitedMoveBundles, importMoveBundle, treasuryWork } from '../../src/treasury/index.ts';
import { listMoves } from '../../src/treasury/move-store.ts';
import type { Move } from '../../src/treasury/move.ts';
import { holdingsOf, pinnedWallets, type Holdings } from '../../src/treasury/pinned-wallets.ts';
import { requestRefill } from '../../src/treasury/request-refill.ts';
import type { Wallet } from '../../src/wallets/index.ts';
import { House, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';

let house: House;
let hot: Wallet;
let cold: Wallet;
let ada: Owner;
const failures: unknown[] = [];

beforeAll(async () => {
  house = await House.open(undefined, undefined, undefined, true);
  hot = await house.chain.house.treasury('treasury_hot');
  cold = house.treasury;
  ada = await house.owner();
  await house.deposit(ada, 'spending', 40_000_000n, 30_000_000n, 30_000_000n);
  const { scene, signer, second } = house.chain.house;
  const first = scene.house.manifest;
  const treasury = { hot: hot.descriptorHash!, cold: cold.descriptorHash!, hotCapBasisPoints: 100 };
  const manifest = { ...first, number: 2, previousHash: manifestHash(first), treasury };
  await scene.loadManifest(signer, manifest);
  await second!.scene.loadManifest(second!.client, manifest);
  Object.assign(scene.house, { manifest });
});
afterAll(() => house.close());

/** Everything that is due now, and a while later. */
async function work(coins = 1_000): Promise<void> {
  house.chain.house.scene.clock.advance(61_000);
  const consolidation = { coins, upToFeeRate: 1_000_000n };
  const step = treasuryWork({ ...house.parts, consolidation }, (thrown) => failures.push(thrown));
  for (let steps = 0; steps < 50; steps++) if ((await step()) === 0) return;
  throw new Error('the steps do not end');
}

async function latest(): Promise<Move> {
  const [move] = await listMoves(house.database, { limit: 1, after: null });
  return move!;
}

function holdings(): Promise<Holdings> {
  return inTransaction(house.database, async (tx) => holdingsOf(tx, await pinnedWallets(house.parts, tx)));
}

/** What waits for the station, signed by it. @returns how much did. */
async function cosign(): Promise<number> {
  const awaited = await awaitedMoveBundles(house.parts, (_, thrown) => failures.push(thrown));
  for (const { bundle } of awaited)
    await importMoveBundle(house.parts, await house.signedBundle(bundle), SOMEBODY);
  return awaited.length;
}

function asker() {
  return house.chain.house.scene.house.house.approvers[0]!;
}

async function asked(amount: bigint): Promise<Intent> {
  const wish = {
    ...{ id: newId('treasuryMove'), intent: newId('intent'), requester: asker().id as StaffId },
    ...{ satoshis: satoshis(amount), maxFee: satoshis(20_000n), reason: 'Payouts of tomorrow.' },
  };
  const { stored } = await inTransaction(house.database, (tx) =>
    requestRefill(house.parts, tx, wish, SOMEBODY),
  );
  return stored.intent;
}

async function signed(intent: Intent): Promise<void> {
  const statement: RequestSignature['statement'] = {
    ...{ purpose: 'request', intentHash: intentHash(intent), credential: asker().id },
    signedAt: isoTime(house.parts.clock.nowMs()),
  };
  const request = { statement, signature: asker().signer.sign(statementDigest(statement)) };
  await inTransaction(house.database, (tx) =>
    house.parts.queue.sign(tx, parseId('intent', intent.id), request, SOMEBODY),
  );
}

async function differences(): Promise<readonly bigint[]> {
  return [await house.difference(hot.id), await house.difference(cold.id)];
}

async function alertsAbout(subject: string): Promise<string> {
  const rows = await house.database.outboxEvent.findMany({ where: { type: 'alert.raised', subject } });
  return rows.map(({ content }) => content).join();
}

/** What the institution has paid in network fees. */
async function networkFees(): Promise<bigint> {
  const { value } = await house.chain.house.ledger.accounts([accountId('networkFees', 1, undefined)]);
  return value[0]!.debitsPosted - value[0]!.creditsPosted;
}

test('a refill waits for people, then for the station, and is booked when a block has it', async () => {
  const intent = await asked(600_000n);
  await work();
  expect(await latest()).toMatchObject({ purpose: 'refill', state: 'requested' });
  await signed(intent);
  await work();
  expect((await latest()).state).toBe('requested');
  await house.judge(intent, 1);
  await work();
  expect((await latest()).state).toBe('built');
  expect(await cosign()).toBe(1);
  await work();
  expect(await latest()).toMatchObject({ state: 'broadcast', hindrance: null });
  await house.mine();
  await work();
  const move = await latest();
  expect(move).toMatchObject({ state: 'confirmed', confirmedCycle: 1 });
  expect(await holdings()).toMatchObject({ hot: 600_000n });
  expect(await differences()).toEqual([0n, 0n]);
  expect(await networkFees()).toBe(move.transaction!.fee);
  // No customer was credited with it, and nobody holds it in suspense.
  expect(await house.chain.deposits(hot.id)).toEqual([]);
});

test('a block that goes takes the booking with it, and the next one brings it back', async () => {
  const fees = await networkFees();
  house.chain.house.scene.clock.advance(61_000);
  // As the follower says between the block that goes and the one that comes.
  const wallets = { ...house.parts.wallets, spendings: () => Promise.resolve([]) };
  const step = treasuryWork({ ...house.parts, wallets }, (thrown) => failures.push(thrown));
  await step();
  expect((await latest()).state).toBe('broadcast');
  expect(await networkFees()).toBe(0n);
  await work();
  expect(await latest()).toMatchObject({ state: 'confirmed', confirmedCycle: 2 });
  expect(await networkFees()).toBe(fees);
  expect(await differences()).toEqual([0n, 0n]);
});

test('a refill beyond the cap is not even asked for, nor two at a time', async () => {
  await expect(asked(500_000n)).rejects.toMatchObject({ code: 'move_amount_refused' });
  const intent = await asked(100_000n);
  await expect(asked(100_000n)).rejects.toMatchObject({ code: 'move_under_way' });
  await house.cancel(intent);
  await work();
  expect(await latest()).toMatchObject({ state: 'ended', endReason: 'It was cancelled.' });
});

test('what the hot wallet holds above its cap goes to the cold one by itself, without a station', async () => {
  for (const amount of [2_000_000n, 3_000_000n]) {
    const { address } = await house.chain.house.give(hot.id, ada.customer.id);
    await house.chain.pay(address, amount);
  }
  await house.mine(6);
  await work();
  expect(await latest()).toMatchObject({ purpose: 'sweep', state: 'broadcast', hindrance: null });
  expect(await cosign()).toBe(0);
  await house.mine();
  await work();
  expect((await latest()).state).toBe('confirmed');
  const { hot: left, hotCap } = await holdings();
  expect(left <= hotCap && left > 0n).toBe(true);
  expect(await differences()).toEqual([0n, 0n]);
});

/** The same, where the first answer of everything outside is lost. */
function losingAnswers(): Parameters<typeof treasuryWork>[0] {
  const lost = new Set<string>();
  const once = async <T>(name: string, answer: Promise<T>): Promise<T> => {
    const given = await answer;
    if (lost.has(name)) return given;
    lost.add(name);
    throw new Error(`the answer of ${name} is lost`);
  };
  const { cosigner, node, ledger } = house.parts;
  const pair = cosigner.pair!;
  return {
    ...house.parts,
    cosigner: {
      ...cosigner,
      pair: {
        cosign: (bundle) => once('the first signer', pair.cosign(bundle)),
        complete: (bundle) => once('the second signer', pair.complete(bundle)),
      },
    },
    node: {
      feeEstimate: (blocks) => node.feeEstimate(blocks),
      tip: () => node.tip(),
      header: (hash) => node.header(hash),
      mempoolEntry: (txid) => node.mempoolEntry(txid),
      broadcast: (bytes) => once('the node', node.broadcast(bytes)),
    },
    ledger: { transfer: (commands) => once('the ledger', ledger.transfer(commands)) },
  };
}

test('a lost answer of either signer, the node or the ledger changes nothing: one transaction, booked once', async () => {
  const { address } = await house.chain.house.give(hot.id, ada.customer.id);
  await house.chain.pay(address, 2_000_000n);
  await house.mine(6);
  const parts = losingAnswers();
  const before = await listMoves(house.database, { limit: 100, after: null });
  const fees = await networkFees();
  for (let round = 0; round < 8; round++) {
    house.chain.house.scene.clock.advance(61_000);
    const step = treasuryWork(parts, (thrown) => failures.push(thrown));
    for (let steps = 0; steps < 50 && (await step()) > 0; steps++);
    if (round === 5) await house.mine();
  }
  const move = await latest();
  expect(move).toMatchObject({ purpose: 'sweep', state: 'confirmed', confirmedCycle: 1 });
  expect((await listMoves(house.database, { limit: 100, after: null })).length).toBe(before.length + 1);
  expect(await networkFees()).toBe(fees + move.transaction!.fee);
  expect(failures.filter((thrown) => String(thrown).includes('is lost'))).toHaveLength(4);
  expect(await differences()).toEqual([0n, 0n]);
});

test('many small coins become one while fees are low', async () => {
  await work(3);
  expect(await latest()).toMatchObject({ purpose: 'consolidation', state: 'built' });
  expect(await cosign()).toBe(1);
  await work();
  await house.mine();
  await work();
  expect((await latest()).state).toBe('confirmed');
  expect(await differences()).toEqual([0n, 0n]);
  const coins = await house.database.coin.count({
    where: { walletId: idToUuid(cold.id), spentHeight: null },
  });
  expect(coins).toBe(1);
});

test('a move to a wallet that only the database names is ended with an alert, unsigned', async () => {
  const intent = await asked(100_000n);
  const { id } = await latest();
  const signatures = await house.chain.house.scene.signatures();
  // Whoever can write to the table makes it a move to somebody's vault.
  const theirs = idToUuid(ada.vault.id);
  await house.chain.house.scene.query(
    `UPDATE app.treasury_move SET to_wallet_id = '${theirs}' WHERE id = '${idToUuid(id)}'`,
  );
  await signed(intent);
  await house.judge(intent, 1);
  await work();
  expect((await latest()).state).toBe('requested');
  expect(await alertsAbout(id)).toContain('move_damaged');
  expect(await house.chain.house.scene.signatures()).toBe(signatures);
});
