import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mnemonicOfEntropy } from '../../src/bitcoin/index.ts';
import { makeKit, type RecoveryKit } from '../../src/recovery/index.ts';
import { createCustomerKey } from '../../src/station/index.ts';
import { temporaryDirectory } from '../chain/support/temporary-directory.ts';
import {
  attestedKey,
  custody,
  registeredWallet,
  type AttestedKey,
  type TestWallet,
} from '../fixtures/custody.ts';
import { signedManifest, NOW } from '../fixtures/intents.ts';
import { FIXTURE_PASSPHRASE, fixtureKeyFile, fixtureMaster } from '../fixtures/masters.ts';
import { materialOf, RecoveryScene, REFUGE } from '../journeys/recovery-scene.ts';
import { manifestHash } from '../../src/intents/index.ts';
import { openCustomerKey } from '../../src/station/index.ts';
import { accountKeyOf } from '../../src/station/pool.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/main/trilock.mjs');
/** Signing happens offline: without any network where the kernel lets us. */
const OFFLINE = spawnSync('unshare', ['-rn', 'true']).status === 0 ? ['unshare', '-rn'] : [];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function command(prefix: readonly string[], words: readonly string[]): Promise<Outcome> {
  const [program = '', ...rest] = [...prefix, process.execPath, LAUNCHER, 'recover', ...words];
  return promisify(execFile)(program, rest).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failed: unknown) => {
      const { code, stdout, stderr } = failed as Outcome;
      return { code, stdout, stderr };
    },
  );
}

const recover = (...words: string[]): Promise<Outcome> => command([], words);
const offline = (...words: string[]): Promise<Outcome> => command(OFFLINE, words);

describe('trilock recover', () => {
  const directory = temporaryDirectory();
  const path = (name: string): string => join(directory.path, name);
  const house = custody();
  let scene: RecoveryScene;
  let nodeWords: string[];
  let masterWords: (names: readonly string[]) => string[];

  const write = async (name: string, content: string | Buffer): Promise<string> => {
    await writeFile(path(name), content, { mode: 0o600 });
    return path(name);
  };

  async function writeKit(name: string, wallet: TestWallet, envelopes: RecoveryKit['envelopes'] = null) {
    const { registration, receipt } = wallet;
    const kit = makeKit({
      ...{ registration, receipt, envelopes, label: 'Savings', nowMs: NOW },
      birthHeight: await scene.regtest.control.height(),
      birthTime: null,
    });
    await write(name, JSON.stringify(kit));
    return path(name);
  }

  beforeAll(async () => {
    scene = await RecoveryScene.open();
    const { url, credentials } = scene.options;
    if ('cookieFile' in credentials) nodeWords = ['--node', url, '--cookie-file', credentials.cookieFile];
    else {
      const password = await write('password', credentials.password);
      nodeWords = ['--node', url, '--user', credentials.user, '--password-file', password];
    }
    const passphrase = await write('passphrase', FIXTURE_PASSPHRASE);
    for (const name of ['key-1', 'key-2', 'key-3', 'key-4']) await write(`${name}.pem`, fixtureKeyFile(name));
    masterWords = (names) => [
      '--master',
      ...names.map((name) => path(`${name}.pem`)),
      '--master-passphrase-file',
      ...names.map(() => passphrase),
    ];
  });

  afterAll(async () => {
    await scene.close();
    directory.remove();
  });

  function blobOf(wallet: TestWallet, position: number): Buffer {
    const material = materialOf(wallet, position);
    if (material.kind !== 'envelope') throw new Error('the customer wraps nothing');
    return material.blob;
  }

  it('carries a sweep from station to station by files', async () => {
    const wallet = registeredWallet(house, 'by files');
    const kit = await writeKit('kit.json', wallet);
    await scene.pay(wallet, [['receive', 4, 30_001_234n]]);
    const manifest = await write(
      'manifest.json',
      JSON.stringify(signedManifest(house.house, house.manifest)),
    );
    const first = manifestHash(house.manifest);
    const checked = await offline('check', kit, '--manifest', manifest, '--first-hash', first);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.stdout).toContain('attested by the institution’s manifest');
    const found = await recover('find', kit, ...nodeWords, '--gap-limit', '20');
    expect(found.stdout).toContain('Found 1 coins, 0.30001234 BTC.');
    const out = ['--to', REFUGE, '--out', directory.path];
    const swept = await recover('sweep', kit, ...nodeWords, ...out, '--gap-limit', '20', '--fee-rate', '3');
    expect(swept).toMatchObject({ code: 0, stderr: '' });
    expect(swept.stdout).toContain(`to ${REFUGE}`);
    const [backup, cold] = [0, 1].map((position) => blobOf(wallet, position));
    const signedBy = async (site: string, blob: Buffer, masters: readonly string[], confirm: string) => {
      await mkdir(path(site));
      return offline(
        ...['sign', kit, path('sweep-1.psbt'), '--to', REFUGE, '--out', path(site), '--confirm', confirm],
        ...['--envelope', await write(`${site}.envelope`, blob), ...masterWords(masters)],
      );
    };
    expect(await signedBy('wrong', cold!, ['key-1', 'key-2'], '9999')).toMatchObject({ code: 78 });
    expect(await signedBy('cold', cold!, ['key-2', 'key-1'], '1234')).toMatchObject({ code: 0 });
    const strangers = await signedBy('strangers', backup!, ['key-3', 'key-1'], '1234');
    expect(strangers.code).not.toBe(0);
    expect(strangers.stderr).toContain('master');
    const one = [path('cold/sweep-1.signed.psbt')];
    const early = await recover('broadcast', kit, ...one, '--to', REFUGE, ...nodeWords);
    expect(early.code).not.toBe(0);
    expect(early.stderr).toContain('Two keys of the wallet must sign');
    expect(await signedBy('backup', backup!, ['key-3', 'key-4'], '1234')).toMatchObject({ code: 0 });
    const both = [...one, path('backup/sweep-1.signed.psbt')];
    const sent = await recover('broadcast', kit, ...both, '--to', REFUGE, ...nodeWords);
    expect(sent.stdout).toMatch(/^[0-9a-f]{64}: accepted, \d+ vB, fee 0\.0000/);
    expect(sent.code).toBe(0);
  });

  it('recovers a collaborative wallet with the customer’s key file and the cold key in the kit', async () => {
    const { customers } = house;
    const credential = fixtureMaster('key-1');
    const passphrase = Buffer.from(FIXTURE_PASSPHRASE);
    const made = createCustomerKey({ network: 'regtest', name: 'Ada', passphrase, credential });
    const entropy = openCustomerKey(made.file, passphrase);
    const customer: AttestedKey = {
      entropy,
      accountKey: accountKeyOf(entropy, 'regtest'),
      attestation: made.attestation,
    };
    const cold = attestedKey('cold in kit', 'cold', house.attesters.cold);
    const wallet = registeredWallet(house, 'collaborative', {
      plan: 'collaborative',
      customer: customers[0],
      keys: { customer, cold },
    });
    const blob = blobOf(wallet, 0).toString('base64url');
    const fingerprint = cold.attestation.statement.origin.slice(1, 9);
    const item = {
      role: 'cold' as const,
      fingerprint,
      outerHolder: 'Ada',
      innerHolder: 'the escrow agent',
      blob,
    };
    const kit = await writeKit('collaborative.json', wallet, { version: 1, items: [item] });
    await scene.pay(wallet, [['receive', 0, 1_000_000n]]);
    const keyFile = await write('customer-key.json', JSON.stringify(made.file));
    const ran = await recover(
      ...[
        'run',
        kit,
        ...nodeWords,
        '--to',
        REFUGE,
        '--gap-limit',
        '20',
        '--fee-rate',
        '2',
        '--confirm',
        '0000',
      ],
      ...masterWords(['key-1', 'key-2']),
      ...['--customer-key', keyFile, '--passphrase-file', path('passphrase')],
    );
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stdout).toMatch(/[0-9a-f]{64}: accepted/);
  });

  it('refuses a damaged kit and a key of another wallet, and says no secret', async () => {
    const wallet = registeredWallet(house, 'by files');
    const words = mnemonicOfEntropy(attestedKey('a stranger', 'cold', house.attesters.cold).entropy);
    const wordsFile = await write('words.txt', words);
    const signed = await offline(
      ...['sign', path('kit.json'), path('sweep-1.psbt'), '--to', REFUGE, '--out', path('nowhere')],
      ...['--confirm', '1234', '--words', wordsFile],
    );
    expect(signed.code).not.toBe(0);
    expect(signed.stderr).toContain('none of the keys of the wallet');
    expect(signed.stdout + signed.stderr).not.toContain(words.split(' ').slice(0, 3).join(' '));
    const text = await readFile(path('kit.json'), 'utf8');
    const damaged = await write('damaged.json', text.replace(wallet.descriptor.text.slice(-8), 'qqqqqqqq'));
    expect((await offline('check', damaged)).stderr).toContain('checksum');
  });
});
