import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  freezeStatusDigest,
  intentHash,
  type FreezeStatus,
  type SigningBundle,
} from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import {
  checkBundle,
  loadFreezeStatus,
  registerWallet,
  requireSignable,
  signBundle,
} from '../../src/station/index.ts';
import {
  bundleOf,
  freezeStatusOf,
  payoutIntent,
  registeredWallet,
  type TestWallet,
} from '../fixtures/custody.ts';
import { at, NOW } from '../fixtures/intents.ts';
import { ed25519Signer } from '../fixtures/signing-keys.ts';
import { mastersOf, newStation, stationHouse, temporaryRoot, type StationHouse } from './offices.ts';

const HOUR_MS = 3_600_000;

let root: string;
let all: StationHouse;
let wallet: TestWallet;
let bundle: SigningBundle;
let hash: string;
let number = 1;

beforeAll(async () => {
  root = await temporaryRoot();
  all = await stationHouse(root, 1);
  wallet = registeredWallet(all.house, 'frozen', { keys: { cold: all.keys[0]! } });
  await registerWallet(all.station, wallet);
  const intent = payoutIntent(wallet);
  hash = intentHash(intent);
  bundle = bundleOf(all.house, wallet, [intent]);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function refusalOf(work: () => Promise<unknown>): Promise<string> {
  return await work().then(
    () => 'accepted',
    (thrown: unknown) => (thrown as { code?: string }).code ?? String(thrown),
  );
}

/** Brings a status that says this, and asks whether the station signs then. */
async function told(change: Partial<FreezeStatus['statement']>, nowMs = NOW): Promise<string> {
  await loadFreezeStatus(all.station, freezeStatusOf(all.house, { number: (number += 1), ...change }));
  return await signable({ nowMs });
}

function signable(occasion: { nowMs: number; disaster?: string }): Promise<string> {
  return refusalOf(async () =>
    requireSignable(all.station, await checkBundle(all.station, bundle, NOW), occasion),
  );
}

it('signs nothing of a customer whom the newest status names, and again when a newer one does not', async () => {
  const customer = wallet.customer!.id;
  expect(await told({})).toBe('accepted');
  expect(await told({ restricted: [newId('customer')] })).toBe('accepted');
  expect(await told({ restricted: [newId('customer'), customer] })).toBe('account_restricted');
  expect(await told({ breaker: newId('restriction') })).toBe('breaker_tripped');
  expect(await told({})).toBe('accepted');
});

it('signs nothing that the signer has given up', async () => {
  const none = { intents: [], transactions: [] };
  expect(await told({ givenUp: { ...none, intents: [hash] } })).toBe('given_up');
  const { verified } = await checkBundle(all.station, bundle, NOW);
  expect(await told({ givenUp: { ...none, transactions: [verified.explanation.txid] } })).toBe('given_up');
  expect(await told({})).toBe('accepted');
});

it('signs by a status of the last 24 hours alone', async () => {
  expect(await told({}, NOW + 24 * HOUR_MS - 1)).toBe('accepted');
  expect(await signable({ nowMs: NOW + 24 * HOUR_MS })).toBe('freeze_status_stale');
  // A clock that was put back is found out by what comes from its future.
  expect(await signable({ nowMs: NOW - 6 * 60_000 })).toBe('freeze_status_stale');
  expect(await signable({ nowMs: NOW - 4 * 60_000 })).toBe('accepted');
  const bare = await newStation(root, 'cold');
  expect(await refusalOf(() => loadFreezeStatus(bare, freezeStatusOf(all.house)))).toBe('manifest_missing');
});

it('takes no older status than one that it has seen, no other with the same number, and none of a stranger', async () => {
  const load = (status: unknown) => refusalOf(() => loadFreezeStatus(all.station, status));
  const newest = freezeStatusOf(all.house, { number: (number += 1) });
  expect(await load(newest)).toBe('accepted');
  expect(await load(newest)).toBe('accepted');
  expect(await load(freezeStatusOf(all.house, { number: number - 1, issuedAt: at(5) }))).toBe(
    'freeze_status_rolled_back',
  );
  expect(await load(freezeStatusOf(all.house, { number, issuedAt: at(1) }))).toBe(
    'freeze_status_rolled_back',
  );
  const { statement } = freezeStatusOf(all.house, { number: number + 1 });
  expect(await load({ ...newest, statement })).toBe('signature_wrong');
  const stranger = ed25519Signer();
  const signature = stranger.sign(freezeStatusDigest(statement));
  expect(await load({ statement, attestedBy: stranger.publicKey, signature })).toBe(
    'freeze_status_by_stranger',
  );
  expect(await load({ ...newest, statement: { ...statement, network: 'mainnet' } })).toBe(
    'intent_wrong_network',
  );
  expect(await load({ restricted: [] })).toBe('freeze_status_malformed');
});

it('does not believe its own disk: a status that was edited there is refused', async () => {
  const folder = join(all.station.directory, 'freeze-status');
  expect(await told({ restricted: [wallet.customer!.id] })).toBe('account_restricted');
  const [name = ''] = await readdir(folder);
  const text = await readFile(join(folder, name), 'utf8');
  await writeFile(join(folder, name), text.replace(wallet.customer!.id, newId('customer')));
  expect(await signable({ nowMs: NOW })).toBe('signature_wrong');
  await rm(join(folder, name));
  expect(await signable({ nowMs: NOW })).toBe('freeze_status_missing');
});

it('signs without one in a disaster alone, which is noted for good with its reason before anything is signed', async () => {
  const disasters = join(all.station.directory, 'disasters');
  expect(await signable({ nowMs: NOW, disaster: 'because' })).toBe('ceremony_refused');
  const disaster = 'Both data centres burned down; officers Anna and Ben are present.';
  const checked = await checkBundle(all.station, bundle, NOW);
  const ready = await requireSignable(all.station, checked, { nowMs: NOW, disaster });
  await expect(readdir(disasters)).rejects.toThrow('ENOENT');
  await signBundle(all.station, ready, mastersOf('cold'));
  await signBundle(all.station, ready, mastersOf('cold'));
  expect(await readdir(disasters)).toEqual(['000001.json', '000002.json']);
  const noted = JSON.parse(await readFile(join(disasters, '000001.json'), 'utf8')) as unknown;
  expect(noted).toEqual({
    at: new Date(NOW).toISOString(),
    reason: disaster,
    txids: [ready.verified.explanation.txid],
  });
});
