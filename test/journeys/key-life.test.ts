import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestHash, type PublicKey } from '../../src/intents/index.ts';
import {
  generateKeys,
  holdCeremony,
  initStation,
  loadManifest,
  parseCeremonyPlan,
  parseRegistrationFile,
  registerWallet,
  unlockStation,
  writeDocument,
  type CeremonyDesk,
  type Station,
  type StationRole,
} from '../../src/station/index.ts';
import { envelopeName } from '../../src/station/pool-records.ts';
import { keyIdOf } from '../../src/keyring/index.ts';
import { satoshis } from '../../src/shared/index.ts';
import {
  importPool,
  issueRecoveryKit,
  readStationRegistration,
  type Wallet,
} from '../../src/wallets/index.ts';
import { fixtureMaster } from '../fixtures/masters.ts';
import { signedManifest } from '../fixtures/intents.ts';
import type { TestSigner } from '../fixtures/signing-keys.ts';
import { CustodyHouse, TEST_CAUSE } from '../wallets/custody-house.ts';
import { temporaryRoot } from '../station/offices.ts';
import { RecoveryScene, REFUGE } from './recovery-scene.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/main/trilock.mjs');
const ROLES = ['cold', 'backup'] as const;
/** Two officers for each role; nobody of one is of the other. */
const OFFICERS = { cold: ['Anna', 'Bert'], backup: ['Cleo', 'Dirk'] } as const;
const PASSPHRASES: Readonly<Record<string, string>> = {
  Rita: 'harbour velvet cactus timber swift onyx',
  Anna: 'marble otter kiosk vivid lunar fence',
  Bert: 'copper walnut dizzy plume orbit sable',
  Cleo: 'saddle quartz ember jolly brisk tulip',
  Dirk: 'lantern fjord moss pewter gable ivory',
  station: 'the passphrase of a station',
};
const PAID = 30_001_234n;

let root: string;
let scene: RecoveryScene;
const path = (...names: string[]): string => join(root, ...names);

beforeAll(async () => {
  root = await temporaryRoot();
  scene = await RecoveryScene.open(process.env['BITCOIND_BIN']);
});
afterAll(async () => {
  await scene.close();
  await rm(root, { recursive: true, force: true });
});

function passphrase(person: string): Buffer {
  return Buffer.from(PASSPHRASES[person] ?? '');
}

/** Everybody types an own passphrase; the keys are committed ones, since making five takes a minute. */
function desk(): CeremonyDesk {
  const keys = ['key-6', 'key-1', 'key-2', 'key-3', 'key-4'];
  return {
    say: () => undefined,
    newPassphrase: (person) => Promise.resolve(passphrase(person)),
    compareWords: () => Promise.resolve(),
    makeKey: () => Promise.resolve(fixtureMaster(keys.shift() ?? '')),
  };
}

async function holdFirstCeremony(): Promise<void> {
  const officers = ROLES.flatMap((role) =>
    ['a', 'b'].map((letter, at) => ({ person: OFFICERS[role][at] ?? '', role: `${role}-master-${letter}` })),
  );
  const plan = parseCeremonyPlan({
    institution: 'Bank of Examples',
    network: 'regtest',
    rootKeeper: 'Rita',
    officers,
    disaster: null,
  });
  await holdCeremony(path('ceremony'), plan, desk(), { nowMs: Date.now() });
}

/** A station of a role, with what the ceremony published of its officers, and a pool of two keys. */
async function stationWithPool(role: StationRole): Promise<Station> {
  const read = (name: string): Promise<string> =>
    readFile(path('ceremony/public', `${name}.crt.pem`), 'utf8');
  const sites = ['site-1', 'site-2'].map((name) => path(`${role}-${name}`));
  for (const site of sites) await mkdir(site);
  const station = await initStation(path(`${role}-station`), {
    ...{ role, name: `${role} vault`, network: 'regtest', sites, passphrase: passphrase('station') },
    root: await read('root'),
    masters: { inner: await read(`${role}-master-a`), outer: await read(`${role}-master-b`) },
  });
  const attestationKey = await unlockStation(station, passphrase('station'));
  const keys = await generateKeys(station, { pool: 'first', count: 2, attestationKey });
  await writeDocument(path(`${role}-pool.json`), keys);
  return station;
}

function attester(publicKey: PublicKey): TestSigner {
  const sign = (): never => {
    throw new Error('only the station signs with its key');
  };
  return { publicKey, sign };
}

const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(path(name), 'utf8'));

/** A vault whose cold and backup keys are of these pools, pinned by both stations, with its kit written down. */
async function openVault(house: CustodyHouse, stations: readonly Station[]): Promise<Wallet> {
  const { manifest } = house.scene.house;
  for (const role of ROLES)
    expect(
      await importPool(house.parts, await read(`${role}-pool.json`), manifest, TEST_CAUSE),
    ).toMatchObject({ [role]: 2 });
  const customer = await house.customer();
  const wallet = await house.opened(await house.request(customer.id));
  const signed = signedManifest(house.scene.house.house, manifest);
  await writeDocument(path('manifest.json'), signed);
  const registration = await readStationRegistration(house.database, wallet.id);
  for (const station of stations) {
    await loadManifest(station, signed, manifestHash(manifest));
    const { ownKey } = await registerWallet(station, parseRegistrationFile(registration));
    expect(ownKey?.statement.role).toBe(station.role);
  }
  const { address } = await house.give(wallet.id, customer.id);
  await scene.regtest.control.fund(address, satoshis(PAID));
  await scene.regtest.control.mine(1);
  const { kit, pdf } = await issueRecoveryKit(house.parts, wallet, TEST_CAUSE);
  await writeDocument(path('kit.json'), kit);
  await writeFile(path('kit.pdf'), pdf);
  return wallet;
}

function nodeWords(): string[] {
  const { url, credentials } = scene.options;
  if ('cookieFile' in credentials) return ['--node', url, '--cookie-file', credentials.cookieFile];
  return ['--node', url, '--user', credentials.user, '--password-file', path('password')];
}

test('two officers a role, their pools, a wallet, its kit; then every server is gone and the coins are not', async () => {
  await holdFirstCeremony();
  const stations = [await stationWithPool('cold'), await stationWithPool('backup')];
  const [cold, backup] = stations.map(({ attestationKey }) => attester(attestationKey));
  const house = await CustodyHouse.open({ attester: cold!, backup: backup!, keys: [] });
  const first = manifestHash(house.scene.house.manifest);
  const wallet = await openVault(house, stations).finally(() => house.close());
  // Nothing of the institution runs any more; stations are gone too. What is left: kit, sites, officers' files.
  for (const { directory } of stations) await rm(directory, { recursive: true });
  const kit = (await read('kit.json')) as { keys: { role: string; xpub: string }[] };
  const xpubOf = (role: string): string => kit.keys.find((key) => key.role === role)?.xpub ?? '';
  const { credentials } = scene.options;
  if ('password' in credentials) await writeFile(path('password'), credentials.password);
  for (const person of Object.values(OFFICERS).flat())
    await writeFile(path(person), PASSPHRASES[person] ?? '', { mode: 0o600 });
  const people = ROLES.flatMap((role) =>
    ['a', 'b'].map((letter, at) => ({
      file: path('ceremony/private', `${role}-master-${letter}.p12`),
      passphraseFile: path(OFFICERS[role][at] ?? ''),
    })),
  );
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('TRILOCK') && name !== 'DATABASE_URL'),
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      ...[LAUNCHER, 'recover', 'run', path('kit.json'), ...nodeWords(), '--to', REFUGE],
      ...['--manifest', path('manifest.json'), '--first-hash', first, '--gap-limit', '20', '--fee-rate', '2'],
      ...['--envelope', ...ROLES.map((role) => path(`${role}-site-2`, envelopeName(keyIdOf(xpubOf(role)))))],
      ...['--master', ...people.map(({ file }) => file)],
      ...['--master-passphrase-file', ...people.map(({ passphraseFile }) => passphraseFile)],
      ...['--confirm', PAID.toString().slice(-4)],
    ],
    { env: environment },
  );
  expect(stdout).toContain('Found 1 coins, 0.30001234 BTC.');
  const [, txid = ''] = /^([0-9a-f]{64}): accepted/m.exec(stdout) ?? [];
  await scene.regtest.control.mine(1);
  const arrived = await scene.node.unspentOutput({ txid, vout: 0 });
  expect(PAID - (arrived?.satoshis ?? 0n)).toBeLessThan(1_000n);
  expect(wallet.plan).toBe('custodial');
  // Ten key files are sealed or opened under passphrases that are meant to take their time.
}, 300_000);

test.skipIf(spawnSync('openssl', ['version']).status !== 0)(
  'an officer’s file of that ceremony opens with OpenSSL, and by its holder’s passphrase alone',
  () => {
    const open = (person: string): number | null =>
      spawnSync('openssl', [
        ...['pkcs12', '-in', path('ceremony/private/cold-master-a.p12'), '-noout'],
        ...['-passin', `pass:${PASSPHRASES[person] ?? ''}`],
      ]).status;
    expect(open('Anna')).toBe(0);
    expect(open('Bert')).not.toBe(0);
  },
);
