import { afterAll, beforeAll, expect, it } from 'vitest';
import { intentHash, verifyFreezeStatus } from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import type { SignerClient } from '../../src/signer/index.ts';
import type { TestWallet } from '../fixtures/custody.ts';
import { backUp, refusalOf, SignerScene } from './signer-scene.ts';

let scene: SignerScene;
let signer: SignerClient;
let wallet: TestWallet;

beforeAll(async () => {
  scene = await SignerScene.open();
  signer = await scene.start();
  await scene.loadManifest(signer);
  wallet = await scene.openWallet(signer, 'status');
});
afterAll(() => scene.close());

const read = async () => (await signer.freezeStatus({})).status.statement;

it('says by its own record who is restricted, and not whose lock concerns no signature', async () => {
  expect(await read()).toMatchObject({ breaker: null, restricted: [], network: 'regtest' });
  const [one = '', other = ''] = scene.house.customers.map(({ id }) => id);
  const openedBy = newId('staff');
  await signer.restrict({ restriction: newId('restriction'), customer: one, kind: 'case', openedBy });
  const lock = { restriction: newId('restriction'), customer: other, openedBy: other };
  await signer.restrict({ ...lock, kind: 'transfer_lock' });
  expect((await read()).restricted).toEqual([one]);
  await signer.restrict({ ...lock, restriction: newId('restriction'), kind: 'withdraw_lock' });
  expect((await read()).restricted).toEqual([one, other].sort());
});

it('names the breaker, and what it has given up while it may still be current', async () => {
  const { intent } = scene.payout(wallet);
  const hash = intentHash(intent);
  await signer.revoke({ intentHash: hash, reason: 'a test' });
  await signer.abandon({ txid: 'ab'.repeat(32), reason: 'a test' });
  expect((await read()).givenUp).toEqual({ intents: [hash], transactions: ['ab'.repeat(32)] });
  scene.clock.advance(14 * 24 * 3_600_000 + 1);
  expect((await read()).givenUp).toEqual({ intents: [], transactions: [] });
  const breaker = newId('restriction');
  await signer.tripBreaker({ breaker, trippedBy: newId('staff') });
  expect((await read()).breaker).toBe(breaker);
});

it('is signed, and numbered ever higher, also by a signer that was restored, which is silent until it is resumed', async () => {
  const { status } = await signer.freezeStatus({});
  await expect(verifyFreezeStatus(status, scene.house.manifest)).resolves.toEqual(status);
  const restore = await backUp(scene);
  const { number } = await read();
  expect(number).toBeGreaterThan(status.statement.number);
  await scene.stopSigners();
  await restore();
  signer = await scene.start();
  expect(await refusalOf(scene, signer, () => signer.freezeStatus({}))).toBe('signer_sealed');
});
