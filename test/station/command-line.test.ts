import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  mnemonicOfEntropy,
  parseDescriptor,
  parsePsbtBase64,
  psbtToBase64,
  seedOfMnemonic,
} from '../../src/bitcoin/index.ts';
import { manifestHash, parseSigningBundle, type KeyAttestation } from '../../src/intents/index.ts';
import { openEnvelope, openMasterKey, type Masters, type MasterPrivateKey } from '../../src/keyring/index.ts';
import { envelopeContext, envelopeName } from '../../src/station/pool-records.ts';
import { accountKeyOf } from '../../src/station/pool.ts';
import { encodeBundle, openStation, readBundleFile } from '../../src/station/index.ts';
import {
  builtPayout,
  bundleOf,
  custody,
  freezeStatusOf,
  PAYEE,
  payoutIntent,
  registeredWallet,
  type AttestedKey,
  type Custody,
  type TestWallet,
} from '../fixtures/custody.ts';
import { signedManifest } from '../fixtures/intents.ts';
import { temporaryRoot } from './offices.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/main/trilock.mjs');
const DEMO = join(import.meta.dirname, '../../keys/demo');
const DEMO_PASSPHRASE = 'trilock demo passphrase, not a secret';

/** Without any network where the kernel lets us: whatever reached for a socket would fail. */
const offline = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything that any command has said, to be searched for secrets in the end. */
const said: string[] = [];

async function trilock(...words: string[]): Promise<Outcome> {
  const [program = '', ...rest] = [...offline, process.execPath, LAUNCHER, ...words];
  const outcome = await promisify(execFile)(program, rest).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: unknown) => failed as Outcome,
  );
  said.push(outcome.stdout, outcome.stderr);
  return { code: outcome.code, stdout: outcome.stdout, stderr: outcome.stderr };
}

let root: string;
let home: string;
let passphraseFile: string;
const path = (name: string): string => join(root, name);
const demoKey = (name: string): string => join(DEMO, `DEMO-${name}.pem`);

async function demoMasters(): Promise<Masters<MasterPrivateKey>> {
  const open = async (name: string): Promise<MasterPrivateKey> =>
    openMasterKey(await readFile(demoKey(name), 'utf8'), Buffer.from(DEMO_PASSPHRASE));
  return { inner: await open('cold-master-a'), outer: await open('cold-master-b') };
}

async function writeJson(name: string, value: unknown): Promise<string> {
  await writeFile(path(name), JSON.stringify(value));
  return path(name);
}

/** The pool's keys with what only both masters can open. */
async function openedPool(): Promise<AttestedKey[]> {
  const masters = await demoMasters();
  const attestations = JSON.parse(await readFile(path('pool.json'), 'utf8')) as KeyAttestation[];
  return Promise.all(
    attestations.map(async (attestation) => {
      const context = envelopeContext(attestation);
      const blob = await readFile(path(`site-1/${envelopeName(context.keyId)}`));
      const entropy = openEnvelope(blob, context, masters);
      return { entropy, accountKey: accountKeyOf(entropy, 'regtest'), attestation };
    }),
  );
}

beforeAll(async () => {
  root = await temporaryRoot();
  home = path('station');
  passphraseFile = path('passphrase');
  await mkdir(path('site-1'));
  await mkdir(path('site-2'));
  await mkdir(path('signed'));
  await writeFile(passphraseFile, `${DEMO_PASSPHRASE}\n`, { mode: 0o600 });
});
afterAll(() => rm(root, { recursive: true, force: true }));

const init = (directory: string, network: string): Promise<Outcome> =>
  trilock(
    ...['station', 'init', directory, '--role', 'cold', '--name', 'cold one', '--network', network],
    ...['--inner-master', join(DEMO, 'DEMO-cold-master-a.pub.pem')],
    ...['--outer-master', join(DEMO, 'DEMO-cold-master-b.pub.pem')],
    ...['--site', path('site-1'), path('site-2'), '--passphrase-file', passphraseFile],
  );

const generate = ['generate', '--count', '6', '--pool', 'first'];

function generateWords(): string[] {
  return [
    'station',
    generate[0]!,
    home,
    ...generate.slice(1),
    '--out',
    path('pool.json'),
    '--passphrase-file',
    passphraseFile,
  ];
}

describe(`the station’s command line${offline.length > 0 ? ', without a network' : ''}`, () => {
  let house: Custody;
  let wallet: TestWallet;
  let pool: AttestedKey[];
  const keys = ['--inner-key', demoKey('cold-master-a'), '--outer-key', demoKey('cold-master-b')];

  it('makes a station once', async () => {
    const made = await init(home, 'regtest');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('Made the cold station cold one for regtest.');
  });

  it('makes keys, is killed, and goes on', async () => {
    const child = spawn(process.execPath, [LAUNCHER, ...generateWords()], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.once('data', () => child.kill('SIGKILL'));
    await once(child, 'exit');
    const again = await trilock(...generateWords());
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain('6 of 6 (100 %)');
    pool = await openedPool();
    expect(new Set(pool.map(({ attestation }) => attestation.statement.xpub)).size).toBe(6);
  });

  it('takes the first manifest by its hash, and registrations', async () => {
    const { attestationKey } = await openStation(home);
    const sign = (): never => {
      throw new Error('only the station signs with its key');
    };
    house = custody({ cold: { publicKey: attestationKey, sign } }, Date.now());
    const manifest = await writeJson('manifest.json', signedManifest(house.house, house.manifest));
    expect((await trilock('station', 'load-manifest', home, manifest)).stderr).toContain(
      'hash that officers compared',
    );
    const hash = manifestHash(house.manifest);
    const loaded = await trilock('station', 'load-manifest', home, manifest, '--first-hash', hash);
    expect(loaded.stdout).toContain(`Hash: ${hash}`);
    wallet = registeredWallet(house, 'vault', { keys: { cold: pool[0]! } });
    const { registration, receipt } = wallet;
    const file = await writeJson('registration.json', { registration, receipt });
    const pinned = await trilock('station', 'register-wallet', home, file);
    expect(pinned.stdout).toContain(`Pinned the wallet ${wallet.id} (custodial)`);
    expect(pinned.stdout).toContain('is of this station.');
  });

  it('inspects in plain words and signs many files with one unlock, leaving out what it refuses', async () => {
    const honest = (): ReturnType<typeof payoutIntent> => payoutIntent(wallet, { nowMs: house.nowMs });
    const bundles = ['a', 'b'].map((name) => [name, bundleOf(house, wallet, [honest()])] as const);
    const files = await Promise.all(bundles.map(([name, bundle]) => writeJson(`${name}.json`, bundle)));
    const theft = honest();
    const stolen = payoutIntent(wallet, {
      nowMs: house.nowMs,
      payments: [
        { address: 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry', satoshis: '500000' },
      ],
    });
    const forged = bundleOf(house, wallet, [theft], builtPayout(wallet, [stolen]));
    const bad = await writeJson('theft.json', forged);
    const inspected = await trilock('station', 'inspect', home, ...files, bad);
    expect(inspected.code).toBe(1);
    expect(inspected.stdout).toContain(`Pays 0.00500000 BTC to ${PAYEE}.`);
    expect(inspected.stdout).toContain('REFUSED (payments_differ)');
    const fee = (500_000n + builtPayout(wallet, [honest()]).fee).toString().slice(-4);
    const status = await writeJson('freeze-status-1.json', freezeStatusOf(house));
    expect((await trilock('station', 'freeze-status', home, status)).stdout).toContain('0 customers');
    const signed = await trilock(
      ...['station', 'sign', home, ...files, bad, ...keys, '--out', path('signed')],
      ...['--inner-passphrase-file', passphraseFile, '--outer-passphrase-file', passphraseFile],
      ...['--confirm', fee, fee, fee],
    );
    expect(signed.code).toBe(1);
    expect(signed.stderr).toContain('theft.json: refused: The transaction does not pay what was approved.');
    expect(signed.stderr).toContain('Inputs signed: 2 of 2');
    expect((await readdir(path('signed'))).sort()).toEqual(['a.signed.json', 'b.signed.json']);
    const result = parseSigningBundle(JSON.parse(await readFile(path('signed/a.signed.json'), 'utf8')));
    expect(psbtToBase64(parsePsbtBase64(result.psbt))).not.toBe(bundles[0]![1].psbt);
    expect(parseDescriptor(wallet.descriptor.text, 'regtest').text).toBe(wallet.descriptor.text);
  });

  it('signs a directory of bundles in several formats, confirmed by their sum, into frames', async () => {
    const bundles = [1, 2].map(() => bundleOf(house, wallet, [payoutIntent(wallet, { nowMs: house.nowMs })]));
    await mkdir(path('batch'));
    await writeJson('batch/d.json', bundles[0]);
    await writeJson('batch/freeze-status-20.json', freezeStatusOf(house, { number: 20 }));
    await writeJson('batch/freeze-status-3.json', freezeStatusOf(house, { number: 3 }));
    await writeFile(path('batch/e.psbt'), encodeBundle(bundles[1]!, 'psbt'));
    const one = 500_000n + builtPayout(wallet, [payoutIntent(wallet)]).fee;
    const signed = await trilock(
      ...['station', 'sign', home, path('batch'), ...keys, '--out', path('batch'), '--as', 'bbqr'],
      ...['--inner-passphrase-file', passphraseFile, '--outer-passphrase-file', passphraseFile],
      ...['--together', '--confirm', (2n * one).toString().slice(-4)],
    );
    expect(signed.code).toBe(0);
    expect(signed.stdout).toContain('Freeze status 20 of');
    expect(signed.stdout).toContain(`Together: 2 files, 1 wallets, 2 inputs; ${2n * one} satoshis leave.`);
    for (const [position, name] of ['d', 'e'].entries()) {
      const result = await readBundleFile(path(`batch/${name}.signed.bbqr`));
      expect(result.intents).toEqual(bundles[position]!.intents);
      expect(result.psbt).not.toBe(bundles[position]!.psbt);
    }
    const verified = await trilock('station', 'verify-backups', home);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toContain('Backup manifest 1: 6 blobs.');
  });

  it('has written no secret into any file, and said none', async () => {
    const secrets = pool.flatMap(({ entropy }) => {
      const words = mnemonicOfEntropy(entropy);
      const seed = Buffer.from(seedOfMnemonic(words));
      return [
        words,
        words.split(' ').slice(0, 4).join(' '),
        ...[entropy, seed].flatMap((bytes) => [
          bytes.toString('hex'),
          bytes.toString('base64'),
          bytes.toString('base64url'),
          bytes.subarray(0, 16).toString('latin1'),
        ]),
      ];
    });
    expect(secrets.length).toBeGreaterThan(50);
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
    );
    expect(texts.length).toBeGreaterThan(20);
    for (const text of [...texts, ...said]) {
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
    }
    // The passphrase stands in the file that was given, and nowhere else.
    expect(texts.filter((text) => text.includes(DEMO_PASSPHRASE) && !text.includes('DEMO KEY'))).toHaveLength(
      1,
    );
  });
});
