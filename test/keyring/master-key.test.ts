import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../../src/intents/index.ts';
import {
  createAttestationKey,
  createMasterKey,
  isDemoKey,
  openAttestationKey,
  openEnvelope,
  openMasterKey,
  openWithPassphrase,
  parseMasterPublicKey,
  sealEnvelope,
  sealWithPassphrase,
  signWithMaster,
} from '../../src/keyring/index.ts';
import { encryptPrivateKey } from '../../src/keyring/encrypted-pkcs8.ts';
import { FIXTURE_PASSPHRASE, fixtureKeyFile, fixtureMaster } from '../fixtures/masters.ts';
import { rsaPem } from '../fixtures/signing-keys.ts';
import { expectRefusal } from './refusals.ts';

const passphrase = Buffer.from(FIXTURE_PASSPHRASE);
const file = fixtureKeyFile('key-1');

describe('a master key', () => {
  it('is made with 4096 bits, opened by its passphrase, and used', async () => {
    // The one RSA key that the fast tests make.
    const made = await createMasterKey(passphrase);
    const master = openMasterKey(made.privatePem, passphrase);
    expect(master.privateKey.asymmetricKeyDetails).toMatchObject({
      modulusLength: 4096,
      publicExponent: 65537n,
    });
    expect(parseMasterPublicKey(made.publicPem).fingerprint).toBe(made.fingerprint);
    expect(master.fingerprint).toBe(made.fingerprint);
    const secret = randomBytes(32);
    const context = { keyId: '0'.repeat(32), role: 'cold', fingerprint: '0'.repeat(8), network: 'regtest' };
    const masters = { inner: master, outer: fixtureMaster('key-2') };
    expect(openEnvelope(sealEnvelope(secret, context, masters), context, masters).equals(secret)).toBe(true);
  });

  it('is kept as PKCS#8 under scrypt, and never the same twice', () => {
    expect(file).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    const der = Buffer.from(file.split('\n').slice(1, -2).join(''), 'base64');
    // id-scrypt (RFC 7914 section 7), then aes256-CBC.
    expect(der.includes(Buffer.from('06092b06010401da47040b', 'hex'))).toBe(true);
    expect(der.includes(Buffer.from('060960864801650304012a', 'hex'))).toBe(true);
    expect(fixtureKeyFile('key-1')).not.toBe(file);
  });

  it('says the same whether the passphrase is wrong or the file is damaged', async () => {
    const messages = new Set<string>();
    for (const wrong of [
      '',
      'a passphrase of the test',
      `${FIXTURE_PASSPHRASE} `,
      FIXTURE_PASSPHRASE.toUpperCase(),
    ]) {
      const error = await expectRefusal('passphrase_wrong', () => openMasterKey(file, Buffer.from(wrong)));
      messages.add(JSON.stringify([error.message, error.details, error.internal, error.cause]));
    }
    // The cipher notices no damage in the modulus: it is the key that is found not to work. (Damage elsewhere
    // OpenSSL makes good from the redundancy of a private key.)
    const lines = file.split('\n');
    lines[8] = lines[9] ?? '';
    const damaged = lines.join('\n');
    const cut = file.slice(0, 900) + file.slice(-40);
    for (const text of [damaged, cut]) {
      const error = await expectRefusal('passphrase_wrong', () => openMasterKey(text, passphrase));
      messages.add(JSON.stringify([error.message, error.details, error.internal, error.cause]));
    }
    expect(messages.size).toBe(1);
  });

  it('is refused unencrypted, in another wrapping, of another size or kind', async () => {
    for (const text of [rsaPem('key-1'), '', 'nonsense', file + file, file.replaceAll('ENCRYPTED', 'RSA')]) {
      await expectRefusal('master_key_malformed', () => openMasterKey(text, passphrase));
    }
    const weak = encryptPrivateKey(createPrivateKey(rsaPem('weak-2048')), passphrase);
    await expectRefusal('master_key_refused', () => openMasterKey(weak, passphrase));
    const { privateKey } = generateKeyPairSync('ed25519');
    await expectRefusal('master_key_refused', () =>
      openMasterKey(encryptPrivateKey(privateKey, passphrase), passphrase),
    );
    await expectRefusal('master_key_malformed', () => openAttestationKey(file, passphrase));
  });

  it('has a public half, which is not taken for a private one nor the reverse', async () => {
    const { key, fingerprint } = fixtureMaster('key-1');
    const pem = key.export({ format: 'pem', type: 'spki' }).toString();
    expect(parseMasterPublicKey(`A note before it.\n${pem}`).fingerprint).toBe(fingerprint);
    const weak = createPrivateKey(rsaPem('weak-2048'));
    expect(weak.type).toBe('private');
    for (const text of [file, rsaPem('key-1'), '', pem + pem, pem.replace('MII', 'MIJ')]) {
      await expectRefusal('master_key_malformed', () => parseMasterPublicKey(text));
    }
  });

  it('refuses weak passphrases for new files', async () => {
    for (const weak of ['', 'short', 'aaaaaaaaaaaaaaaaaaaa', 'abababababababab', 'x'.repeat(2_000)]) {
      await expectRefusal('passphrase_weak', () => createMasterKey(Buffer.from(weak)));
      await expectRefusal('passphrase_weak', () => createAttestationKey(Buffer.from(weak)));
      await expectRefusal('passphrase_weak', () =>
        sealWithPassphrase(Buffer.alloc(32), Buffer.from(weak), ''),
      );
    }
  });

  it('signs statements as they are verified everywhere', async () => {
    const digest = randomBytes(32);
    const master = fixtureMaster('key-1');
    const publicKey = { algorithm: 'rsa-pss-sha256', spki: master.spki.toString('base64url') } as const;
    const signature = signWithMaster(master, digest).toString('base64url');
    await verifySignature(publicKey, digest, { algorithm: 'rsa-pss-sha256', signature });
    const other = { algorithm: 'rsa-pss-sha256', signature } as const;
    await expect(verifySignature(publicKey, randomBytes(32), other)).rejects.toMatchObject({
      code: 'signature_wrong',
    });
  });
});

describe('an attestation key', () => {
  it('is opened by its passphrase and signs', async () => {
    const made = createAttestationKey(passphrase);
    const key = openAttestationKey(made.privatePem, passphrase);
    expect(key.publicKey.equals(made.publicKey)).toBe(true);
    const digest = randomBytes(32);
    const publicKey = { algorithm: 'ed25519', raw: key.publicKey.toString('base64url') } as const;
    const signature = key.sign(digest).toString('base64url');
    await verifySignature(publicKey, digest, { algorithm: 'ed25519', signature });
    await expectRefusal('passphrase_wrong', () =>
      openAttestationKey(made.privatePem, Buffer.from('another one here')),
    );
  });
});

describe('a secret under a passphrase', () => {
  const secret = randomBytes(32);
  const box = sealWithPassphrase(secret, passphrase, 'what it belongs to');

  it('is opened by it, for what it belongs to', async () => {
    expect(openWithPassphrase(box, passphrase, 'what it belongs to').equals(secret)).toBe(true);
    expect(box.includes(secret.subarray(0, 8))).toBe(false);
    await expectRefusal('passphrase_wrong', () => openWithPassphrase(box, passphrase, 'something else'));
    await expectRefusal('passphrase_wrong', () =>
      openWithPassphrase(box, Buffer.from('wrong'), 'what it belongs to'),
    );
  });

  it('is refused when cut off or changed', async () => {
    for (const position of [5, 20, 21, 32, 33, 64, box.length - 1]) {
      const flipped = Buffer.from(box);
      flipped[position]! ^= 1;
      await expectRefusal('passphrase_wrong', () =>
        openWithPassphrase(flipped, passphrase, 'what it belongs to'),
      );
    }
    for (const text of [
      Buffer.alloc(0),
      box.subarray(0, 20),
      Buffer.concat([Buffer.from('X'), box]),
      Buffer.alloc(5_000),
    ]) {
      await expectRefusal('box_malformed', () => openWithPassphrase(text, passphrase, 'what it belongs to'));
    }
  });
});

describe('the demo keys', () => {
  const folder = join(import.meta.dirname, '../../keys/demo');

  it('are all known as such, and say so', () => {
    const files = readdirSync(folder);
    expect(files).toHaveLength(24);
    for (const name of files.filter((entry) => entry.endsWith('.pub.pem'))) {
      const text = readFileSync(join(folder, name), 'utf8');
      expect(text).toMatch(/^DEMO KEY OF THE TRILOCK SANDBOX/);
      expect(isDemoKey(parseMasterPublicKey(text).fingerprint)).toBe(true);
    }
    expect(isDemoKey(fixtureMaster('key-1').fingerprint)).toBe(false);
  });

  it('open with the passphrase that the README tells', () => {
    const readme = readFileSync(join(folder, '../README.md'), 'utf8');
    const told = /Passphrase of all of them: `([^`]+)`/.exec(readme)?.[1] ?? '';
    for (const name of ['cold-master-a', 'customer-2']) {
      const opened = openMasterKey(readFileSync(join(folder, `DEMO-${name}.pem`), 'utf8'), Buffer.from(told));
      expect(isDemoKey(opened.fingerprint)).toBe(true);
    }
  });
});
