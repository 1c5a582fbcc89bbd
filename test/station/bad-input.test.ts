// The running program meets what the written ceremony warns of: the same code from the words to the exit status.
import { copyFile, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatKeyOrigin } from '../../src/bitcoin/index.ts';
import { manifestHash } from '../../src/intents/index.ts';
import {
  certificatePem,
  encodeOfficerKey,
  issueCertificate,
  issueRoot,
  type CertificateRole,
} from '../../src/keyring/index.ts';
import { run } from '../../src/main/cli.ts';
import {
  generateKeys,
  initStation,
  loadFreezeStatus,
  loadManifest,
  registerWallet,
  unlockStation,
  type Station,
} from '../../src/station/index.ts';
import { envelopeContext, envelopeName } from '../../src/station/pool-records.ts';
import {
  attestedKey,
  builtPayout,
  bundleOf,
  custody,
  freezeStatusOf,
  payoutIntent,
  registeredWallet,
  type AttestedKey,
  type Custody,
  type TestWallet,
} from '../fixtures/custody.ts';
import { signedManifest } from '../fixtures/intents.ts';
import { fixtureKeyFile, fixtureMaster } from '../fixtures/masters.ts';
import { openedKey, PASSPHRASE, temporaryRoot } from './offices.ts';

const DAY_MS = 86_400_000;
const OFFICER = 'marble otter kiosk vivid lunar fence';

let root: string;
let station: Station;
let house: Custody;
let wallet: TestWallet;
let keys: AttestedKey[];
let digits: string;
const path = (...names: string[]): string => join(root, ...names);
const siteCopy = (site: string, at: number): string =>
  path(site, envelopeName(envelopeContext(keys[at]!.attestation).keyId));

/** Officers of the institution; the third file is that of a certificate that has run out. */
async function writeOfficers(): Promise<void> {
  const nowMs = Date.now();
  const rootKey = fixtureMaster('key-6');
  const certificate = issueRoot(
    { institution: 'Bank', person: 'Root', nowMs: nowMs - 9 * DAY_MS, days: 99 },
    rootKey,
  );
  const issue = (role: Exclude<CertificateRole, 'root'>, name: string, issuedMs: number, days: number) => {
    const key = fixtureMaster(name);
    const wishes = { person: 'Anna', role, nowMs: issuedMs, days };
    return { key, certificate: issueCertificate(wishes, key, { certificate, key: rootKey }) };
  };
  const files = {
    a: issue('cold-master-a', 'key-1', nowMs, 9),
    b: issue('cold-master-b', 'key-2', nowMs, 9),
    expired: issue('cold-master-a', 'key-1', nowMs - 8 * DAY_MS, 1),
  };
  await writeFile(path('root.pem'), certificatePem(certificate));
  // The same keys without their certificates open faster.
  await writeFile(path('a.key'), fixtureKeyFile('key-1', OFFICER));
  await writeFile(path('b.key'), fixtureKeyFile('key-2', OFFICER));
  for (const [name, officer] of Object.entries(files)) {
    await writeFile(path(`${name}.pem`), certificatePem(officer.certificate));
    const p12 = encodeOfficerKey({ ...officer, root: certificate }, Buffer.from(OFFICER));
    await writeFile(path(`${name}.p12`), p12);
  }
}

beforeAll(async () => {
  root = await temporaryRoot();
  await writeOfficers();
  for (const name of ['site-1', 'site-2', 'signed']) await mkdir(path(name));
  const read = (name: string): Promise<string> => readFile(path(name), 'utf8');
  station = await initStation(path('station'), {
    ...{ role: 'cold', name: 'cold vault', network: 'regtest', passphrase: PASSPHRASE },
    root: await read('root.pem'),
    masters: { inner: await read('a.pem'), outer: await read('b.pem') },
    sites: [path('site-1'), path('site-2')],
  });
  const sign = (): never => {
    throw new Error('only the station signs with its key');
  };
  house = custody({ cold: { publicKey: station.attestationKey, sign } }, Date.now());
  await loadManifest(station, signedManifest(house.house, house.manifest), manifestHash(house.manifest));
  await loadFreezeStatus(station, freezeStatusOf(house));
  const attestationKey = await unlockStation(station, PASSPHRASE);
  const attestations = await generateKeys(station, { pool: 'first', count: 2, attestationKey });
  keys = await Promise.all(attestations.map((attestation) => openedKey(station, attestation)));
  wallet = registeredWallet(house, 'bad input', { keys: { cold: keys[0]! } });
  await registerWallet(station, wallet);
  const intent = payoutIntent(wallet, { nowMs: house.nowMs });
  const built = builtPayout(wallet, [intent]);
  digits = (500_000n + built.fee).toString().slice(-4);
  await writeFile(path('bundle.json'), JSON.stringify(bundleOf(house, wallet, [intent], built)));
  await writeFile(path('officer'), OFFICER, { mode: 0o600 });
  await writeFile(path('wrong'), 'not the passphrase at all', { mode: 0o600 });
});
afterAll(() => rm(root, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

class Exit extends Error {}

async function trilock(...words: string[]): Promise<{ refused: boolean; said: string }> {
  let said = '';
  const write = (chunk: unknown): boolean => {
    said += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Exit();
  });
  let refused = false;
  try {
    await run(words);
    refused = Number(process.exitCode ?? 0) !== 0;
  } catch (thrown) {
    if (!(thrown instanceof Exit)) throw thrown;
    refused = true;
  }
  process.exitCode = undefined;
  vi.restoreAllMocks();
  return { refused, said };
}

interface Signing {
  readonly file?: string;
  /** Null: nobody says them, and there is no terminal to ask at. */
  readonly confirm?: string | null;
  readonly inner?: string;
  readonly outer?: string;
  readonly passphrase?: string;
  readonly out?: string;
}

function sign({ file = 'bundle.json', inner = 'a.key', outer = 'b.key', ...rest }: Signing = {}) {
  const { passphrase = 'officer', out = 'signed', confirm = digits } = rest;
  return trilock(
    ...['station', 'sign', station.directory, path(file), '--out', path(out)],
    ...(confirm === null ? [] : ['--confirm', confirm]),
    ...['--inner-key', path(inner), '--outer-key', path(outer)],
    ...['--inner-passphrase-file', path(passphrase), '--outer-passphrase-file', path(passphrase)],
  );
}

/** Refused, with this said, and nothing written: neither a result nor a piece of one, nor a note of a signature. */
async function refuses(signing: Signing, text: string | RegExp): Promise<void> {
  const { refused, said } = await sign(signing);
  expect(said).toMatch(text);
  expect(refused).toBe(true);
  expect(await readdir(path('signed'))).toEqual([]);
  await expect(readdir(path('station/signed'))).rejects.toThrow('ENOENT');
}

describe('station sign refuses, and writes nothing,', () => {
  it('wrong digits of the amount, and nobody to ask for them', async () => {
    await refuses({ confirm: '1' }, 'The digits typed are not the last ones of the amount');
    await refuses({ confirm: null }, 'asked for at a terminal');
  });

  it('a wrong passphrase with one constant message, as for a damaged file', async () => {
    const constant = 'The passphrase is wrong, or the file is damaged.';
    await refuses({ passphrase: 'wrong' }, constant);
    await refuses({ inner: 'a.p12', passphrase: 'wrong' }, constant);
    const damaged = await readFile(path('a.p12'));
    damaged[damaged.length - 30]! ^= 1;
    await writeFile(path('damaged.p12'), damaged);
    await refuses({ inner: 'damaged.p12' }, constant);
  });

  it('swapped master keys, and one officer’s key in both places', async () => {
    await refuses({ inner: 'b.key', outer: 'a.key' }, 'addressed to another master key');
    await refuses({ outer: 'a.key' }, 'addressed to another master key');
  });

  it('an expired officer’s certificate', async () => {
    await refuses(
      { inner: 'expired.p12' },
      /certificate of Anna \(cold-master-a\) is valid from .*, not now/,
    );
  });

  it('a blob that was moved to another key’s name, at every site', async () => {
    const kept = await readFile(siteCopy('site-1', 0));
    for (const site of ['site-1', 'site-2']) await copyFile(siteCopy(site, 1), siteCopy(site, 0));
    await refuses({}, 'The envelope holds another key.');
    for (const site of ['site-1', 'site-2']) await writeFile(siteCopy(site, 0), kept);
  });

  it('a blob that is cut off or has a bit flipped, in whichever part of it', async () => {
    const kept = await readFile(siteCopy('site-1', 0));
    const end = kept.length - 1;
    const flips = [0, 4, 60, 300, 720, end].map((at) => {
      const flipped = Buffer.from(kept);
      flipped[at]! ^= 1;
      return flipped;
    });
    // Every bit of every byte, and every cut, is for the envelope's own tests: here the program meets some of each.
    for (const changed of [...flips, ...[3, 100, 700, end].map((at) => kept.subarray(0, at))]) {
      for (const site of ['site-1', 'site-2']) await writeFile(siteCopy(site, 0), changed);
      await refuses({}, /refused: (The envelope|This is not a key envelope|Envelopes of version)/);
    }
    for (const site of ['site-1', 'site-2']) await writeFile(siteCopy(site, 0), kept);
  });

  it('a payment to an attacker behind the words of an honest intent', async () => {
    const honest = payoutIntent(wallet, { nowMs: house.nowMs });
    const thief = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';
    const stolen = payoutIntent(wallet, {
      nowMs: house.nowMs,
      payments: [{ address: thief, satoshis: '500000' }],
    });
    const bundle = bundleOf(house, wallet, [honest], builtPayout(wallet, [stolen]));
    await writeFile(path('theft.json'), JSON.stringify(bundle));
    await refuses(
      { file: 'theft.json' },
      'theft.json: refused: The transaction does not pay what was approved.',
    );
  });

  it('a gigabyte, a link, and a directory that may not be written', async () => {
    await writeFile(path('huge.json'), '');
    await truncate(path('huge.json'), 2 ** 30);
    await refuses({ file: 'huge.json' }, 'It is larger than it may be.');
    await symlink(path('bundle.json'), path('link.json'));
    await refuses({ file: 'link.json' }, 'It is a symbolic link, which is never followed.');
    await symlink(path('a.key'), path('link.key'));
    await refuses({ inner: 'link.key' }, 'It is a symbolic link, which is never followed.');
    if (process.getuid?.() !== 0) {
      await mkdir(path('closed'), { mode: 0o500 });
      const { refused, said } = await sign({ out: 'closed' });
      expect(refused).toBe(true);
      expect(said).toContain('It cannot be read or written.');
    }
  });
});

describe('station register-wallet', () => {
  it('refuses a descriptor of sixteen keys, and pins nothing', async () => {
    const { attesters } = house;
    const many = Array.from({ length: 16 }, (_, at) =>
      attestedKey(`of sixteen ${at}`, 'cold', attesters.platform),
    );
    const expressions = many.map(
      ({ accountKey: { origin, xpub } }) => `${formatKeyOrigin(origin)}${xpub.text}/<0;1>/*`,
    );
    const descriptor = `wsh(sortedmulti(2,${expressions.join(',')}))`;
    const { registration, receipt } = registeredWallet(house, 'sixteen', { keys: { cold: keys[1]! } });
    for (const changed of [
      { ...registration, descriptor },
      { ...registration, descriptor: descriptor.slice(0, 1_990) },
      { ...registration, keys: many.map(({ attestation }) => attestation) },
    ]) {
      await writeFile(path('sixteen.json'), JSON.stringify({ registration: changed, receipt }));
      const { refused, said } = await trilock(
        ...['station', 'register-wallet', station.directory, path('sixteen.json')],
      );
      expect(refused).toBe(true);
      expect(said).toMatch(/^trilock: .+\n$/);
    }
    expect(await readdir(path('station/wallets'))).toEqual([`${wallet.id}.json`]);
  });
});

it('signs the honest bundle after all of that', async () => {
  const { refused, said } = await sign({ inner: 'a.p12', outer: 'b.p12' });
  expect(said).toContain('Inputs signed: 1 of 1');
  expect(refused).toBe(false);
  expect(await readdir(path('signed'))).toEqual(['bundle.signed.json']);
});
