import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openMasterLock } from '../../src/keyring/browser/index.ts';
import { openRecoveryKey, makeKit, readKit } from '../../src/recovery/index.ts';
import { escrowSeed, openAsAgent, openEscrowed, registerWallet } from '../../src/station/index.ts';
import { registeredWallet, type TestWallet } from '../fixtures/custody.ts';
import { NOW } from '../fixtures/intents.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { lockRegistration, testLock } from '../fixtures/master-locks.ts';
import { rsaSigner } from '../fixtures/signing-keys.ts';
import { lockFile, passphraseBytes } from '../keyring/browser/lock-fixtures.ts';
import { mastersOf, stationHouse, temporaryRoot, type StationHouse } from './offices.ts';

const DECRYPTION = 'key-4';
const AGENT = { name: 'Notary Ltd', key: fixtureMaster('key-5') };
let root: string;
let all: StationHouse;
let wallet: TestWallet;

beforeAll(async () => {
  root = await temporaryRoot();
  all = await stationHouse(root, 2);
  wallet = registeredWallet(all.house, 'shared', { plan: 'collaborative', keys: { cold: all.keys[0]! } });
  await registerWallet(all.station, wallet);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The lock of the wallet's customer, whose signing half is the credential that the station has pinned. */
function ownLock(signing = 'key-1') {
  const { id, credential } = all.house.customers[0];
  return lockRegistration(testLock(signing, DECRYPTION, credential), id, {});
}

const masters = () => mastersOf('cold');

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

it('gives the customer the cold key back by the agent and the master lock together, from the kit', async () => {
  const wishes = { wallet: wallet.id, registration: ownLock(), agent: AGENT };
  const escrow = await escrowSeed(all.station, wishes, masters());
  const { registration, receipt } = wallet;
  const { fingerprint, blob } = escrow;
  const item = { role: 'cold' as const, fingerprint, outerHolder: AGENT.name, innerHolder: 'the lock', blob };
  const kit = makeKit({
    ...{ registration, receipt, label: 'shared', birthHeight: 0, birthTime: null, nowMs: NOW },
    envelopes: { version: 1, items: [item] },
  });
  const layer = openAsAgent(escrow, fixtureMaster('key-5'));
  const lock = await openMasterLock(await lockFile('key-1', DECRYPTION), passphraseBytes());
  const entropy = await openEscrowed(layer, { spki: lock.decryption, unwrap: lock.decrypt });
  expect(entropy.equals(all.keys[0]!.entropy)).toBe(true);
  const key = openRecoveryKey(await readKit(kit), { kind: 'entropy', entropy });
  expect(key.xpub.text).toBe(all.keys[0]!.attestation.statement.xpub);
});

it('is opened by neither of the two alone, nor by another lock, nor for another key', async () => {
  const escrow = await escrowSeed(
    all.station,
    { wallet: wallet.id, registration: ownLock(), agent: AGENT },
    masters(),
  );
  expect(await codeOf(() => openAsAgent(escrow, fixtureMaster(DECRYPTION)))).toBe(
    'envelope_for_other_masters',
  );
  const layer = openAsAgent(escrow, fixtureMaster('key-5'));
  const thief = await openMasterLock(await lockFile('key-1', 'key-6'), passphraseBytes());
  const unwrap = { spki: thief.decryption, unwrap: thief.decrypt };
  expect(await codeOf(() => openEscrowed(layer, unwrap))).toBe('envelope_for_other_masters');
  const lock = await openMasterLock(await lockFile('key-1', DECRYPTION), passphraseBytes());
  const own = { spki: lock.decryption, unwrap: lock.decrypt };
  const moved = { ...layer, keyId: 'ab'.repeat(16) };
  expect(await codeOf(() => openEscrowed(moved, own))).toBe('envelope_damaged');
});

it('is sealed to no lock but the customer’s own, which the station knows itself', async () => {
  const ask = (registration: ReturnType<typeof ownLock>, id: string = wallet.id) =>
    codeOf(() => escrowSeed(all.station, { wallet: id, registration, agent: AGENT }, masters()));
  expect(await ask(ownLock('key-6'))).toBe('lock_not_of_customer');
  const good = ownLock();
  const swapped = { ...good.statement, decryption: testLock('key-1', 'key-6').decryptionSpki };
  expect(await ask({ ...good, statement: swapped })).toBe('signature_wrong');
  const other = all.house.customers[1];
  const foreign = lockRegistration(testLock('key-1', DECRYPTION, other.credential), other.id, {});
  expect(await ask(foreign)).toBe('lock_not_of_customer');
  expect(rsaSigner('key-1').publicKey).toEqual(all.house.customers[0].signer.publicKey);
  const plain = registeredWallet(all.house, 'plain', { keys: { cold: all.keys[1]! } });
  await registerWallet(all.station, plain);
  expect(await ask(good, plain.id)).toBe('escrow_not_for_plan');
  const self = { name: 'nobody', key: fixtureMaster(DECRYPTION) };
  const alone = { wallet: wallet.id, registration: good, agent: self };
  expect(await codeOf(() => escrowSeed(all.station, alone, masters()))).toBe('masters_not_distinct');
});
