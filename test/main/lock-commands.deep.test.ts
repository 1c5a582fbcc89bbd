// What a customer, a cold station and an escrow agent do with a master lock, each as a command line run once in this
// process: the same code from the words to the files.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parsePsbtBase64 } from '../../src/bitcoin/index.ts';
import { partialSignatures } from '../../src/bitcoin/psbt/psbt-input.ts';
import {
  manifestHash,
  openCustomerKeyBackup,
  parseCustomerKeyBackup,
  parseSigningBundle,
  verifyCustomerStatement,
  verifyKeyAttestation,
  type CustomerStatement,
  type EscrowEnvelope,
  type KeyAttestation,
} from '../../src/intents/index.ts';
import {
  certifyMasterLock,
  issueLockCertificate,
  issuerCertificate,
  openMasterLock,
  type MasterLock,
} from '../../src/keyring/browser/index.ts';
import { run } from '../../src/main/cli.ts';
import { makeKit } from '../../src/recovery/index.ts';
import {
  generateKeys,
  loadManifest,
  openEscrowed,
  parseEscrowLayer,
  pinnedWallet,
  registerWallet,
  unlockStation,
  type Station,
} from '../../src/station/index.ts';
import { credentialsFor } from '../../src/station/credentials.ts';
import {
  builtPayout,
  bundleOf,
  custody,
  payoutIntent,
  registeredWallet,
  type AttestedKey,
  type Custody,
  type TestWallet,
} from '../fixtures/custody.ts';
import { signedManifest } from '../fixtures/intents.ts';
import { fixtureKeyFile, FIXTURE_PASSPHRASE } from '../fixtures/masters.ts';
import { lockRegistration, testLock } from '../fixtures/master-locks.ts';
import {
  issuer,
  lockFile,
  PASSPHRASE as LOCK_PASSPHRASE,
  passphraseBytes,
  spkiOf,
} from '../keyring/browser/lock-fixtures.ts';
import { MASTERS, newStation, openedKey, PASSPHRASE, publicPem, temporaryRoot } from '../station/offices.ts';

/** The signing half is the credential of the house's first customer. */
const LOCK_KEYS = ['key-1', 'key-4'] as const;
const AGENT_KEY = 'key-6';

let root: string;
let home: Station;
let house: Custody;
let lock: MasterLock;
let coldKey: AttestedKey;
let wallet: TestWallet;
const path = (name: string): string => join(root, name);
const owner = () => house.customers[0];

async function write(name: string, content: unknown): Promise<string> {
  const isRaw = typeof content === 'string' || content instanceof Uint8Array;
  await writeFile(path(name), isRaw ? content : JSON.stringify(content), { mode: 0o600 });
  return path(name);
}

const read = async (name: string): Promise<unknown> => JSON.parse(await readFile(path(name), 'utf8'));

/** Runs a command line that must succeed. @returns what it said. */
async function trilock(...words: string[]): Promise<string> {
  let said = '';
  const hear = (chunk: unknown): boolean => {
    said += String(chunk);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  vi.spyOn(process, 'exit').mockImplementation((status) => {
    throw new Error(`it ended with ${String(status)}: ${said}`);
  });
  try {
    await run(words);
  } finally {
    vi.restoreAllMocks();
  }
  expect(process.exitCode ?? 0).toBe(0);
  return said;
}

/** The lock's file with certificates, as `master-lock certify` leaves it. */
async function certifiedFile(): Promise<Uint8Array> {
  const by = issuer();
  const { id: customer, credential } = owner();
  const certificate = (use: 'signing' | 'decryption', key: string) =>
    issueLockCertificate(
      { network: 'regtest', customer, lock: credential, use, spki: spkiOf(key) },
      by,
      Date.now(),
    );
  return certifyMasterLock(await lockFile(...LOCK_KEYS), passphraseBytes(), {
    signing: await certificate('signing', LOCK_KEYS[0]),
    decryption: await certificate('decryption', LOCK_KEYS[1]),
    issuer: await issuerCertificate(by),
  });
}

beforeAll(async () => {
  root = await temporaryRoot();
  home = await newStation(root, 'cold');
  const sign = (): never => {
    throw new Error('only the station signs with its key');
  };
  house = custody({ cold: { publicKey: home.attestationKey, sign } }, Date.now());
  const signed = signedManifest(house.house, house.manifest);
  await write('manifest.json', signed);
  await loadManifest(home, signed, manifestHash(house.manifest));
  const attestationKey = await unlockStation(home, PASSPHRASE);
  const [attestation] = await generateKeys(home, { pool: 'first', count: 1, attestationKey });
  coldKey = await openedKey(home, attestation!);
  const file = await certifiedFile();
  lock = await openMasterLock(file, passphraseBytes());
  await write('certified.p12', file);
  await write('lock-words', LOCK_PASSPHRASE);
  await write('words', FIXTURE_PASSPHRASE);
  for (const name of [...MASTERS.cold, AGENT_KEY]) await write(`${name}.pem`, fixtureKeyFile(name));
  await write('agent.pub.pem', publicPem(AGENT_KEY));
  const lockOfOwner = testLock(...LOCK_KEYS, owner().credential);
  await write('registered.json', { registration: lockRegistration(lockOfOwner, owner().id) });
});
afterAll(() => rm(root, { recursive: true, force: true }));
afterEach(() => {
  process.exitCode = undefined;
});

const withLock = (): string[] => ['--lock', path('certified.p12'), '--passphrase-file', path('lock-words')];

describe('with a master lock', () => {
  it('customer-key create --lock makes a key that the lock attests and alone opens', async () => {
    const said = await trilock(
      ...['customer-key', 'create', '--network', 'regtest', '--name', 'Ada', ...withLock()],
      ...['--out', path('own.json'), '--attestation', path('own.pub.json')],
    );
    expect(said).toContain('sealed to your master lock');
    const attestation = (await read('own.pub.json')) as KeyAttestation;
    await verifyKeyAttestation(attestation, [owner().signer.publicKey], 'regtest');
    const accountKey = await openCustomerKeyBackup(parseCustomerKeyBackup(await read('own.json')), lock);
    expect(accountKey.xpub.text).toBe(attestation.statement.xpub);
    const customer = { entropy: Buffer.alloc(0), accountKey, attestation };
    const keys = { cold: coldKey, customer };
    wallet = registeredWallet(house, 'shared', { plan: 'collaborative', keys });
    await registerWallet(home, wallet);
    const { registration, receipt } = wallet;
    await write('registration.json', { registration, receipt });
  });

  it('customer sign --lock signs what was confirmed, with the sealed key', async () => {
    const intent = payoutIntent(wallet, { nowMs: house.nowMs });
    const built = builtPayout(wallet, [intent]);
    await write('bundle.json', bundleOf(house, wallet, [intent], built));
    const said = await trilock(
      ...['customer', 'sign', path('bundle.json'), '--registration', path('registration.json')],
      ...['--manifest', path('manifest.json'), '--first-hash', manifestHash(house.manifest)],
      ...['--key', path('own.json'), ...withLock(), '--out', path('signed.json')],
      ...['--confirm', (500_000n + built.fee).toString().slice(-4)],
    );
    expect(said).toContain('Pays 0.00500000 BTC');
    const signed = parsePsbtBase64(parseSigningBundle(await read('signed.json')).psbt);
    expect(built.coins.map((_, index) => partialSignatures(signed, index).length)).toEqual([1]);
  });

  it('station escrow-seed and escrow open bring the cold seed to the customer, through the kit', async () => {
    const files = MASTERS.cold.map((name) => path(`${name}.pem`));
    const said = await trilock(
      ...['station', 'escrow-seed', home.directory, wallet.id, '--lock', path('registered.json')],
      ...['--agent-key', path('agent.pub.pem'), '--agent-name', 'Notary Ltd', '--out', path('escrow.json')],
      ...['--inner-key', files[0]!, '--inner-passphrase-file', path('words')],
      ...['--outer-key', files[1]!, '--outer-passphrase-file', path('words')],
    );
    expect(said).toContain('Compare these words with the agent');
    const { fingerprint, blob, agent, lock: inner } = (await read('escrow.json')) as EscrowEnvelope;
    const item = { role: 'cold' as const, fingerprint, outerHolder: agent, innerHolder: inner, blob };
    const { registration, receipt } = wallet;
    const kit = makeKit({
      ...{ registration, receipt, label: 'shared', birthHeight: 0, birthTime: null, nowMs: house.nowMs },
      envelopes: { version: 1, items: [item] },
    });
    const opened = await trilock(
      ...['escrow', 'open', await write('kit.json', kit), '--key', path(`${AGENT_KEY}.pem`)],
      ...['--passphrase-file', path('words'), '--out', path('layer.json')],
    );
    expect(opened).toContain('whom you have recognised');
    const layer = parseEscrowLayer(await read('layer.json'));
    const entropy = await openEscrowed(layer, { spki: lock.decryption, unwrap: lock.decrypt });
    expect(entropy.equals(coldKey.entropy)).toBe(true);
  });

  it('master-lock sign-objection says no to one way back, for a quarter of an hour', async () => {
    const hash = 'ab'.repeat(32);
    const out = path('no.json');
    const said = await trilock('master-lock', 'sign-objection', hash, ...withLock(), '--out', out);
    expect(said).toContain(`Signed "cancel recovery" about ${hash}`);
    const statement = (await read('no.json')) as CustomerStatement;
    const expected = {
      purpose: 'cancel recovery',
      network: 'regtest',
      customer: owner().id,
      subject: hash,
    } as const;
    const { publicKey } = owner().signer;
    await verifyCustomerStatement(statement, expected, publicKey, Date.now());
    await expect(
      verifyCustomerStatement(statement, { ...expected, subject: 'cd'.repeat(32) }, publicKey, Date.now()),
    ).rejects.toMatchObject({ code: 'statement_for_another_purpose' });
  });

  it('station change-lock ends the lock at its own word', async () => {
    const known = async () =>
      credentialsFor(home, await pinnedWallet(home, wallet.id), owner().id).then((found) => [
        ...found.keys(),
      ]);
    expect(await known()).toContain(owner().credential);
    await trilock('master-lock', 'sign-revocation', ...withLock(), '--out', path('end.json'));
    // As `client locks show --out` writes the answer about a lock that has ended.
    const registered = (await read('registered.json')) as object;
    const answer = await write('ended.json', { ...registered, revocation: await read('end.json') });
    const said = await trilock('station', 'change-lock', home.directory, answer);
    expect(said).toContain(`The master lock ${owner().credential} of ${owner().id} has ended here: revoked.`);
    expect(await known()).not.toContain(owner().credential);
  });
});
