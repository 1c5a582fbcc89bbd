import { execFile } from 'node:child_process';
import { createPublicKey, verify, constants, publicEncrypt, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  certifyMasterLock,
  issueLockCertificate,
  issuerCertificate,
  openMasterLock,
  openWithLock,
  sealToLock,
  verifyLockCertificate,
  type LockCertificates,
  type MasterLock,
} from '../../../src/keyring/browser/index.ts';
import { encodeBags, encodePfx, decodeBags, decodePfx } from '../../../src/keyring/browser/pkcs12-format.ts';
import { makeMac } from '../../../src/keyring/browser/pkcs12-mac.ts';
import { isDomainError } from '../../../src/shared/index.ts';
import { rsaPem } from '../../fixtures/signing-keys.ts';
import { AT, factsOf, issuer, lockFile, PASSPHRASE, passphraseBytes, spkiOf } from './lock-fixtures.ts';

const run = promisify(execFile);
const house = issuer();
let directory: string;
let file: Uint8Array;
let certificates: LockCertificates;
let certified: Uint8Array;
let lock: MasterLock;

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (thrown) {
    if (isDomainError(thrown)) return thrown.code;
    throw thrown;
  }
  return 'accepted';
}

async function certificatesFrom(by: typeof house, signing = 'key-1', decryption = 'key-2') {
  return {
    signing: await issueLockCertificate(factsOf('signing', signing), by, AT),
    decryption: await issueLockCertificate(factsOf('decryption', decryption), by, AT),
    issuer: await issuerCertificate(by),
  };
}

/** Whoever opens a file takes its own word for the rounds: what was forged need not cost what a true one does. */
const FEW_ROUNDS = 1_000;

/** The same file with its inside changed by somebody who knows the passphrase. */
function repacked(
  bytes: Uint8Array,
  change: (bags: ReturnType<typeof decodeBags>) => ReturnType<typeof decodeBags>,
) {
  const content = encodeBags(change(decodeBags(decodePfx(bytes).content)));
  return encodePfx(content, makeMac(content, passphraseBytes(), FEW_ROUNDS));
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lock-'));
  file = await lockFile('key-1', 'key-2');
  certificates = await certificatesFrom(house);
  certified = await certifyMasterLock(file, passphraseBytes(), certificates);
  lock = await openMasterLock(certified, passphraseBytes());
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('the file of a master lock', () => {
  it('gives back both keys, and neither private half', async () => {
    expect(Buffer.from(lock.signing).equals(spkiOf('key-1'))).toBe(true);
    expect(Buffer.from(lock.decryption).equals(spkiOf('key-2'))).toBe(true);
    expect(lock.certificates).toEqual(certificates);
    expect((await openMasterLock(file, passphraseBytes())).certificates).toBeNull();
    const digest = new Uint8Array(32).fill(7);
    const key = createPublicKey(rsaPem('key-1'));
    const how = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', digest, how, await lock.sign(digest))).toBe(true);
    const oaep = { key: createPublicKey(rsaPem('key-2')), oaepHash: 'sha256' };
    expect(Buffer.from(await lock.decrypt(publicEncrypt(oaep, Buffer.from('psst')))).toString()).toBe('psst');
  });

  it('opens with openssl, which shows AES-256, PBKDF2 with SHA-256 and a MAC by SHA-256', async () => {
    const path = join(directory, 'lock.p12');
    await writeFile(path, certified);
    // OpenSSL reads the passphrase as UTF-8, as the file has it.
    const env = { ...process.env, LOCK_PASSPHRASE: PASSPHRASE, LC_ALL: 'C.UTF-8' };
    const base = ['pkcs12', '-in', path, '-passin', 'env:LOCK_PASSPHRASE'];
    const info = await run('openssl', [...base, '-info', '-noout'], { env });
    expect(info.stderr).toContain('MAC: sha256, Iteration 200000');
    expect(
      info.stderr.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256/g),
    ).toHaveLength(2);
    const { stdout } = await run('openssl', [...base, '-nodes'], { env });
    expect(stdout.match(/BEGIN PRIVATE KEY/g)).toHaveLength(2);
    expect(stdout.match(/friendlyName: Trilock master lock (signing|decryption)/g)).toHaveLength(2);
    const opened = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(stdout)?.[0] ?? '';
    expect(createPublicKey(opened).export({ format: 'der', type: 'spki' })).toEqual(
      Buffer.from(spkiOf('key-1')),
    );
  });

  it('is refused with a wrong passphrase, a changed byte or cut off, always in the same words', async () => {
    expect(await codeOf(() => openMasterLock(certified, passphraseBytes('späte Äpfel 🍎 im Kelle')))).toBe(
      'passphrase_wrong',
    );
    const { content } = decodePfx(certified);
    const at = Buffer.from(certified).indexOf(Buffer.from(content)) + 700;
    const changed = Uint8Array.from(certified);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(await codeOf(() => openMasterLock(changed, passphraseBytes()))).toBe('passphrase_wrong');
    expect(await codeOf(() => openMasterLock(certified.slice(0, -40), passphraseBytes()))).toBe(
      'pkcs12_malformed',
    );
    expect(await codeOf(() => openMasterLock(new Uint8Array(1_000_000), passphraseBytes()))).toBe(
      'pkcs12_malformed',
    );
  });

  it.each(['', 'short', 'aaaaaaaaaaaaaaaa', 'ababababababab'])('is not made under “%s”', async (weak) => {
    expect(await codeOf(() => lockFile('key-1', 'key-2', passphraseBytes(weak)))).toBe('passphrase_weak');
  });

  it('is refused when its keys were exchanged, with certificates or by their ids', async () => {
    const swapNames = repacked(certified, ({ keys, certificates: bags }) => ({
      keys: keys.map((key, at) => ({ ...key, name: keys[1 - at]!.name })),
      certificates: bags,
    }));
    const swapKeys = repacked(file, ({ keys, certificates: bags }) => ({
      keys: keys.map((key, at) => ({ ...key, encrypted: keys[1 - at]!.encrypted })),
      certificates: bags,
    }));
    const swapCertificates = repacked(certified, ({ keys, certificates: bags }) => ({
      keys,
      certificates: bags.map((bag, at) => (at < 2 ? { ...bag, der: bags[1 - at]!.der } : bag)),
    }));
    for (const bytes of [swapNames, swapKeys, swapCertificates]) {
      expect(await codeOf(() => openMasterLock(bytes, passphraseBytes()))).toBe('lock_keys_swapped');
    }
  });

  it('takes no certificate of another lock', async () => {
    const others = await certificatesFrom(house, 'key-3', 'key-4');
    const exchanged = { ...certificates, signing: certificates.decryption, decryption: certificates.signing };
    for (const offered of [others, exchanged]) {
      expect(await codeOf(() => certifyMasterLock(file, passphraseBytes(), offered))).toBe(
        'certificate_of_another_key',
      );
    }
  });
});

describe('the certificate of a master lock', () => {
  const facts = factsOf('signing', 'key-1');
  const trusted = [issuer().publicKey, house.publicKey];
  const attempt = (der: Uint8Array, expected = facts, issuers = trusted) =>
    codeOf(() => verifyLockCertificate(der, expected, issuers));

  it('is the institution’s, for this customer, lock, half and key', async () => {
    expect(await attempt(certificates.signing)).toBe('accepted');
    expect(await attempt(certificates.decryption, factsOf('decryption', 'key-2'))).toBe('accepted');
    expect(await certificatesFrom(house)).toEqual(certificates);
  });

  it('of another institution is refused', async () => {
    const foreign = await certificatesFrom(issuer());
    expect(await attempt(foreign.signing)).toBe('certificate_not_of_institution');
    expect(await attempt(certificates.signing, facts, [])).toBe('certificate_not_of_institution');
  });

  it.each<[string, Partial<typeof facts>]>([
    ['customer', { customer: 'cus_01jd1f0v00e008000000000009' }],
    ['lock', { lock: 'crd_01jd1f0v00e008000000000009' }],
    ['network', { network: 'mainnet' }],
    ['use', { use: 'decryption' }],
    ['key', { spki: spkiOf('key-3') }],
  ])('for another %s is refused', async (_, change) => {
    expect(await attempt(certificates.signing, { ...facts, ...change })).toBe('certificate_of_another_key');
  });

  it('with a changed byte is refused', async () => {
    const changed = Uint8Array.from(certificates.signing);
    const at = Buffer.from(changed).indexOf(Buffer.from('cus_'));
    changed[at + 10] = 0x39;
    expect(await attempt(changed)).toBe('certificate_not_of_institution');
    expect(await attempt(changed.slice(5))).toBe('certificate_malformed');
  });

  it('is X.509 that others verify', async () => {
    const path = (name: string) => join(directory, name);
    for (const [name, der] of Object.entries<Uint8Array>({ ...certificates })) {
      await writeFile(path(`${name}.pem`), new X509Certificate(der).toString());
    }
    const { stdout } = await run('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      path('issuer.pem'),
      path('signing.pem'),
      path('decryption.pem'),
    ]);
    expect(stdout.match(/: OK/g)).toHaveLength(2);
    const leaf = new X509Certificate(certificates.signing);
    expect(leaf.checkIssued(new X509Certificate(certificates.issuer))).toBe(true);
    expect([leaf.ca, leaf.validTo]).toEqual([false, 'Dec 31 23:59:59 9999 GMT']);
  });
});

describe('a secret sealed to a lock', () => {
  const secret = Uint8Array.from({ length: 32 }, (_, at) => at);

  it('is opened by that lock, for what it belongs to, and nothing else', async () => {
    const box = await sealToLock(secret, 'key one', lock.decryption);
    expect(await openWithLock(box, 'key one', lock)).toEqual(secret);
    expect(await codeOf(() => openWithLock(box, 'key two', lock))).toBe('envelope_damaged');
    const other = await openMasterLock(await lockFile('key-3', 'key-4'), passphraseBytes());
    expect(await codeOf(() => openWithLock(box, 'key one', other))).toBe('envelope_for_other_masters');
    for (const at of [5, 40, 300, 560, 580, box.length - 1]) {
      const changed = Uint8Array.from(box);
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      expect(await codeOf(() => openWithLock(changed, 'key one', lock))).not.toBe('accepted');
    }
    expect(await codeOf(() => openWithLock(box.slice(0, 570), 'key one', lock))).toBe('box_malformed');
  });
});
