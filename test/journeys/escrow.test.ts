import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMasterLock } from '../../src/keyring/browser/index.ts';
import { keyIdOf } from '../../src/keyring/index.ts';
import { makeKit, readKit, type CheckedKit } from '../../src/recovery/index.ts';
import { escrowSeed, openAsAgent, openEscrowed, registerWallet } from '../../src/station/index.ts';
import { registeredWallet, type TestWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { lockRegistration, testLock } from '../fixtures/master-locks.ts';
import { lockFile, passphraseBytes } from '../keyring/browser/lock-fixtures.ts';
import { mastersOf, stationHouse, temporaryRoot, type StationHouse } from '../station/offices.ts';
import { materialOf, RecoveryScene } from './recovery-scene.ts';

const AGENT = { name: 'Notary Ltd', key: fixtureMaster('key-5') };
let root: string;
let scene: RecoveryScene;
let all: StationHouse;
let wallet: TestWallet;

beforeAll(async () => {
  root = await temporaryRoot();
  [scene, all] = await Promise.all([RecoveryScene.open(), stationHouse(root, 1)]);
  wallet = registeredWallet(all.house, 'shared', { plan: 'collaborative', keys: { cold: all.keys[0]! } });
  await registerWallet(all.station, wallet);
});
afterAll(async () => {
  await scene.close();
  await rm(root, { recursive: true, force: true });
});

/** The kit as the customer keeps it, with the cold seed in escrow, as it is read back from disk. */
async function escrowedKit(): Promise<CheckedKit> {
  const { id, credential } = all.house.customers[0];
  const registration = lockRegistration(testLock('key-1', 'key-4', credential), id);
  const wishes = { wallet: wallet.id, registration, agent: AGENT };
  const { fingerprint, blob, agent, lock } = await escrowSeed(all.station, wishes, mastersOf('cold'));
  const item = { role: 'cold' as const, fingerprint, outerHolder: agent, innerHolder: lock, blob };
  const kit = makeKit({
    ...{ registration: wallet.registration, receipt: wallet.receipt, label: 'shared', nowMs: NOW },
    ...{ birthHeight: 0, birthTime: null, envelopes: { version: 1, items: [item] } },
  });
  return readKit(JSON.parse(JSON.stringify(kit)), all.house.manifest);
}

/** The seed out of the kit: the agent opens the outer envelope, the lock's file the inner one. */
async function seedOf({ kit }: CheckedKit): Promise<Buffer> {
  const { xpub } = kit.keys.find(({ role }) => role === 'cold')!;
  const { fingerprint, blob } = kit.envelopes!.items[0]!;
  const envelope = {
    ...({ purpose: 'escrow envelope', version: 1, network: kit.network, wallet: kit.wallet } as const),
    ...{ keyId: keyIdOf(xpub), fingerprint, blob },
  };
  const layer = openAsAgent(envelope, fixtureMaster('key-5'));
  const lock = await openMasterLock(await lockFile('key-1', 'key-4'), passphraseBytes());
  return openEscrowed(JSON.parse(JSON.stringify(layer)) as typeof layer, {
    spki: lock.decryption,
    unwrap: lock.decrypt,
  });
}

it('coins move by kit, agent and master lock, with the customer’s own key and nothing of the institution', async () => {
  const paid = await scene.pay(wallet, [
    ['receive', 0, 40_000_000n],
    ['change', 2, 700_000n],
  ]);
  const kit = await escrowedKit();
  const position = wallet.keys.findIndex(({ attestation }) => attestation.statement.role === 'customer');
  const own = materialOf(wallet, position);
  const entropy = await seedOf(kit);
  expect(entropy).toEqual(all.keys[0]!.entropy);
  // The cold key alone moves nothing.
  await expect(scene.sweep(kit, [{ kind: 'entropy', entropy }])).rejects.toMatchObject({
    code: 'recovery_keys_too_few',
  });
  const arrived = await scene.sweep(kit, [{ kind: 'entropy', entropy }, own]);
  expect(paid - arrived).toBeGreaterThan(0n);
  expect(paid - arrived).toBeLessThan(10_000n);
  expect((await scene.find(kit)).coins).toEqual([]);
});
