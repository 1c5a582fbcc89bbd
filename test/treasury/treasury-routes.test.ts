import { beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { descriptorHash, intentHash, parseIntent } from '../../src/intents/index.ts';
import { canonicalJson, idToUuid, type JsonValue } from '../../src/shared/index.ts';
import { watchUpTo } from '../../src/wallets/addresses.ts';
import { readWallet } from '../../src/wallets/index.ts';
import { custody, registeredWallet, type TestWallet } from '../fixtures/custody.ts';
import { pinning } from '../fixtures/treasury.ts';
import { newCustomer, newStaff, useBank, type Caller } from '../identity/support/bank.ts';

const house = custody({}, Date.now());
const hot = registeredWallet(house, 'hot', { customer: null });
const cold = registeredWallet(house, 'cold', { customer: null });
const bank = useBank({ trust: { manifest: pinning(house.manifest, hot, cold) } });
let officer: Caller;
let officerId: string;

/** A wallet as it is when it was opened, and coins of its in a block. */
async function opened({ id, plan, descriptor, registration, receipt }: TestWallet, coins: bigint) {
  const { database } = bank();
  const now = new Date();
  const text = (document: object): string => canonicalJson(document as unknown as JsonValue);
  await database.wallet.create({
    data: {
      ...{ id: idToUuid(id), customerId: null, network: 'regtest', plan, label: 'own', state: 'open' },
      ...{ descriptor: descriptor.text, descriptorHash: descriptorHash(descriptor) },
      ...{ registration: text(registration), receipt: text(receipt) },
      ...{ createdAt: now, openedAt: now, nextStepAt: now },
    },
  });
  await inTransaction(database, async (tx) => watchUpTo(tx, await readWallet(tx, id), 'change', 20));
  if (coins === 0n) return;
  const address = await database.walletAddress.findFirstOrThrow({ where: { walletId: idToUuid(id) } });
  await database.coin.create({
    data: {
      ...{ txid: 'ab'.repeat(32), vout: 0, walletId: idToUuid(id), addressId: address.id, satoshis: coins },
      ...{ source: 'change', coinbase: false, withheld: false, addedAt: now },
      ...{ height: 10, blockHash: 'cd'.repeat(32) },
    },
  });
}

beforeAll(async () => {
  ({ caller: officer, id: officerId } = await newStaff(bank(), 'officer'));
});

const wish = (satoshis: string) => ({ satoshis, maxFeeSatoshis: '20000', reason: 'Payouts of tomorrow.' });

test('before both wallets are open nothing can be asked for', async () => {
  expect(await officer.send('GET', '/v1/treasury')).toMatchObject({
    status: 409,
    body: { code: 'treasury_wallet_missing' },
  });
  expect((await officer.send('GET', '/v1/treasury/moves')).body).toMatchObject({ items: [] });
});

test('staff see what there is, and ask for a refill that says so', async () => {
  await opened(hot, 0n);
  await opened(cold, 100_000_000n);
  expect((await officer.send('GET', '/v1/treasury')).body).toMatchObject({
    ...{ hot: hot.id, cold: cold.id, hotSatoshis: '0', hotCapSatoshis: '1000000' },
    assetsSatoshis: '100000000',
  });
  expect(await officer.send('POST', '/v1/treasury/moves', wish('1000001'))).toMatchObject({
    status: 422,
    body: { code: 'move_amount_refused' },
  });
  const asked = await officer.send('POST', '/v1/treasury/moves', wish('600000'));
  expect(asked.status).toBe(201);
  const intent = parseIntent(asked.body['intent']);
  expect(intentHash(intent)).toBe(asked.body['hash']);
  expect(intent).toMatchObject({
    ...{ kind: 'treasury_move', requester: officerId },
    body: { purpose: 'refill', wallet: cold.id, satoshis: '600000', assetsSatoshis: '100000000' },
  });
  expect((await officer.send('GET', '/v1/treasury/moves')).body).toMatchObject({
    items: [{ purpose: 'refill', state: 'requested', to: hot.id, txid: null }],
  });
  expect((await officer.send('POST', '/v1/treasury/moves', wish('1000'))).body['code']).toBe(
    'move_under_way',
  );
});

test('customers see nothing of it', async () => {
  const { caller } = await newCustomer(bank());
  for (const path of ['/v1/treasury', '/v1/treasury/moves'])
    expect((await caller.send('GET', path)).status).toBe(403);
});
