import { afterAll, beforeAll, expect, test } from 'vitest';
import { awaitedBundles, importBundle } from '../../src/withdrawals/index.ts';
import {
  intentHash,
  lockSigner,
  parseIntent,
  statementDigest,
  withdrawalIntentOf,
  type Intent,
  type RequestSignature,
} from '../../src/intents/index.ts';
import { openMasterLock } from '../../src/keyring/browser/index.ts';
import { registerWallet } from '../../src/station/index.ts';
import { readStationRegistration } from '../../src/wallets/index.ts';
import { AttackScene } from '../attacks/support/attack-scene.ts';
import type { TestLock } from '../fixtures/master-locks.ts';
import { lockFile, passphraseBytes } from '../keyring/browser/lock-fixtures.ts';
import { LockedHouse } from '../locks/locked-house.ts';
import { PAYEE, SOMEBODY, type House, type Owner } from './support/house.ts';
import { serveHouse } from './support/serve-house.ts';

const LOCK_KEYS = ['key-3', 'key-4'] as const;
let scene: AttackScene;
let house: House;
beforeAll(async () => {
  scene = await AttackScene.open();
  ({ house } = scene);
});
afterAll(() => scene.close());

/** The word of the lock's file over an intent. */
async function signedWithLock(lock: TestLock, intent: Intent): Promise<RequestSignature> {
  const file = await lockFile(...LOCK_KEYS);
  const { id, sign } = lockSigner(lock.id, await openMasterLock(file, passphraseBytes()));
  const statement: RequestSignature['statement'] = {
    ...{ purpose: 'request', intentHash: intentHash(intent), credential: id },
    signedAt: new Date(house.parts.clock.nowMs()).toISOString(),
  };
  return { statement, signature: await sign(statementDigest(statement)) };
}

/** A customer with a lock in force, and a vault with coins that the station has pinned too. */
async function lockedOwner(): Promise<{ owner: Owner; lock: TestLock }> {
  const { house: custody } = house.chain;
  const locks = new LockedHouse(custody);
  const { customer, lock } = await locks.locked(LOCK_KEYS);
  expect((await locks.read(lock)).state).toBe('in_force');
  await custody.stock(1);
  const owner = { customer, vault: await custody.opened(await custody.request(customer.id)) };
  await registerWallet(scene.station, await readStationRegistration(house.database, owner.vault.id));
  await house.deposit(owner, 'vault', 900_000n);
  return { owner, lock };
}

test('a withdrawal that the master lock signed goes over HTTP, through station and signer, into the network', async () => {
  const { owner, lock } = await lockedOwner();
  const as = await serveHouse(house);
  const customer = as(owner.customer.id, ['customer']);
  const wish = {
    balance: 'vault',
    to: { kind: 'addresses', payments: [{ address: PAYEE, satoshis: '200000' }] },
    maxFee: '20000',
  };
  const asked = await customer('POST', '/v1/withdrawals', wish);
  expect(asked.status).toBe(202);
  const intent = withdrawalIntentOf(parseIntent(asked.body['intent']));
  const path = `/v1/withdrawals/${asked.body['id'] as string}`;

  const word = await signedWithLock(lock, intent);
  const forged = { ...word, statement: { ...word.statement, credential: owner.customer.credential } };
  expect((await customer('POST', `${path}/request-signature`, forged)).status).toBe(422);
  const signed = await customer('POST', `${path}/request-signature`, word);
  expect(signed).toMatchObject({ status: 202, body: { intentState: 'open' } });
  await house.carryOn();

  const approval = house.approvalBy(intent);
  const staff = as(approval.statement.approver, ['compliance']);
  const approved = await staff('POST', `/v1/intents/${intent.id}/approvals`, approval);
  expect(approved.body['state']).toBe('approved');
  await house.carryOn();

  const [awaited] = await awaitedBundles(house.parts, { onDamaged: () => undefined });
  expect(awaited!.bundle.intents[0]!.request?.statement.credential).toBe(lock.id);
  await importBundle(house.parts, await scene.atStation(awaited!.bundle), SOMEBODY);
  await house.carryOn();
  const done = (await customer('GET', path)).body as { state: string; transaction: { txid: string } };
  expect(done.state).toBe('broadcast');
  expect(await house.chain.node.mempoolEntry(done.transaction.txid)).toBeDefined();
});
