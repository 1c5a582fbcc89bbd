import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manifestHash, type KeyAttestation } from '../../src/intents/index.ts';
import {
  loadFreezeStatus,
  loadManifest,
  readDocument,
  registerWallet,
  type Station,
} from '../../src/station/index.ts';
import { openDatabase } from '../../src/database/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { importPool, poolLevels } from '../../src/wallets/index.ts';
import {
  builtPayout,
  bundleOf,
  custody,
  freezeStatusOf,
  payoutIntent,
  registeredWallet,
  walletCoins,
  type Custody,
} from '../fixtures/custody.ts';
import { signedManifest } from '../fixtures/intents.ts';
import { FIXTURE_PASSPHRASE, fixtureKeyFile } from '../fixtures/masters.ts';
import { createTestDatabase } from '../postgres/test-database.ts';
import { TEST_CAUSE } from '../wallets/custody-house.ts';
import { newStation, openedKey, temporaryRoot } from './offices.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/main/trilock.mjs');
const KEYS = 10_000;
/** Of these a transaction each with two inputs. */
const WALLETS = 100;

let root: string;
let station: Station;
let house: Custody;
const path = (...names: string[]): string => join(root, ...names);

beforeAll(async () => {
  root = await temporaryRoot();
  station = await newStation(root, 'cold');
  const sign = (): never => {
    throw new Error('only the station signs with its key');
  };
  house = custody({ cold: { publicKey: station.attestationKey, sign } }, Date.now());
  await loadManifest(station, signedManifest(house.house, house.manifest), manifestHash(house.manifest));
  await loadFreezeStatus(station, freezeStatusOf(house));
  await writeFile(path('passphrase'), FIXTURE_PASSPHRASE, { mode: 0o600 });
  for (const name of ['key-1', 'key-2']) await writeFile(path(name), fixtureKeyFile(name), { mode: 0o600 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

function start(...words: string[]) {
  const child = spawn(process.execPath, [LAUNCHER, 'station', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return { child, output: () => output, ended: once(child, 'close').then(([status]) => status as number) };
}

const generate = () =>
  start(
    ...['generate', station.directory, '--count', String(KEYS), '--out', path('pool.json')],
    ...['--passphrase-file', path('passphrase')],
  );

const doneOf = (text: string): number[] =>
  [...text.matchAll(/verified: (\d+) of 10000/g)].map(([, done]) => Number(done));

describe('a pool of 10,000 keys', () => {
  it('is made in one run with progress, killed twice on its way, and goes on where it was', async () => {
    for (const until of [1_000, 4_000]) {
      const killed = generate();
      while ((doneOf(killed.output()).at(-1) ?? 0) < until) await sleep(200);
      killed.child.kill('SIGKILL');
      await killed.ended;
    }
    const last = generate();
    expect(await last.ended).toBe(0);
    const shown = doneOf(last.output());
    // What the killed runs made was counted, not made again.
    expect(shown[0]).toBeGreaterThan(4_000);
    expect(shown.at(-1)).toBe(KEYS);
    expect(shown.length).toBeGreaterThan(5);
    expect([...shown].sort((a, b) => a - b)).toEqual(shown);
    const pool = (await readDocument(path('pool.json'))) as KeyAttestation[];
    expect(new Set(pool.map(({ statement }) => statement.xpub)).size).toBe(KEYS);
    for (const site of station.sites)
      expect((await readdir(site)).filter((name) => name.endsWith('.envelope'))).toHaveLength(KEYS);
    const verified = start('verify-backups', station.directory);
    expect(await verified.ended).toBe(0);
    expect(verified.output()).toContain(`Backup manifest 1: ${2 * KEYS} blobs.`);
  });

  it('is imported with every proof checked', async () => {
    const database = await createTestDatabase();
    const app = openDatabase(database.app);
    try {
      const parts = { database: app, clock: systemClock };
      const pool = await readDocument(path('pool.json'));
      expect(await importPool(parts, pool, house.manifest, TEST_CAUSE)).toEqual({ cold: KEYS, backup: 0 });
      expect(await poolLevels(app, 'regtest')).toEqual({ cold: KEYS, backup: 0 });
    } finally {
      await app.$disconnect();
      await database.drop();
    }
  });
});

describe('a batch of 200 inputs for 100 wallets', () => {
  it('is signed by one unlock, shown file by file, confirmed by its sum, with progress', async () => {
    const pool = (await readDocument(path('pool.json'))) as KeyAttestation[];
    await mkdir(path('batch'));
    await mkdir(path('signed'));
    let leaving = 0n;
    for (let at = 0; at < WALLETS; at++) {
      const cold = await openedKey(station, pool[at]!);
      const wallet = registeredWallet(house, `batch ${at}`, { keys: { cold } });
      await registerWallet(station, wallet);
      const payments = [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: '1500000' }];
      const intent = payoutIntent(wallet, { nowMs: house.nowMs, payments });
      const built = builtPayout(wallet, [intent], walletCoins(wallet, [1_000_000n, 1_000_000n]));
      leaving += 1_500_000n + built.fee;
      const bundle = bundleOf(house, wallet, [intent], built);
      await writeFile(path('batch', `${String(at).padStart(3, '0')}.json`), JSON.stringify(bundle));
    }
    const signing = start(
      ...['sign', station.directory, path('batch'), '--out', path('signed'), '--together'],
      ...['--inner-key', path('key-1'), '--outer-key', path('key-2')],
      ...['--inner-passphrase-file', path('passphrase'), '--outer-passphrase-file', path('passphrase')],
      ...['--confirm', leaving.toString().slice(-4)],
    );
    expect(await signing.ended).toBe(0);
    const said = signing.output();
    expect(said).toContain(`Together: 100 files, 100 wallets, 200 inputs; ${leaving} satoshis leave.`);
    expect(said).toContain('Inputs signed: 200 of 200 (100 %)');
    expect(await readdir(path('signed'))).toHaveLength(WALLETS);
    const one = JSON.parse(await readFile(path('signed/042.signed.json'), 'utf8')) as { psbt: string };
    const before = JSON.parse(await readFile(path('batch/042.json'), 'utf8')) as { psbt: string };
    expect(one.psbt.length).toBeGreaterThan(before.psbt.length);
  });
});
