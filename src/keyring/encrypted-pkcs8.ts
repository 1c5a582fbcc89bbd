import { createCipheriv, createPrivateKey, pbkdf2Sync, randomBytes, type KeyObject } from 'node:crypto';
import { KeyringError } from './errors.ts';
import {
  keyOfPassphrase,
  requireStrongPassphrase,
  SALT_BYTES,
  SCRYPT,
  wrongPassphrase,
} from './passphrase.ts';

const OID_PBES2 = Buffer.from('06092a864886f70d01050d', 'hex');
const OID_SCRYPT = Buffer.from('06092b06010401da47040b', 'hex');
const OID_PBKDF2 = Buffer.from('06092a864886f70d01050c', 'hex');
const OID_HMAC_SHA256_NULL = Buffer.from('300c06082a864886f70d02090500', 'hex');
const OID_AES_256_CBC = Buffer.from('060960864801650304012a', 'hex');
const IV_BYTES = 16;
const LABEL = 'ENCRYPTED PRIVATE KEY';

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length > 0xff ? [0x82, length >> 8, length & 0xff] : [0x81, length];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes);

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return (bytes[0] ?? 0) > 0x7f ? der(0x02, Buffer.from([0]), bytes) : der(0x02, bytes);
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** OWASP's figure for PBKDF2 with HMAC-SHA-256. */
const PBKDF2_ROUNDS = 600_000;
const KEY_BYTES = 32;

/** How a passphrase becomes a key, and how the file says so (RFC 8018 appendix A.2, RFC 7914 section 7.1). */
const DERIVATIONS = {
  scrypt: (passphrase: Buffer, salt: Buffer) => {
    const { N, r, p } = SCRYPT;
    return {
      secret: keyOfPassphrase(passphrase, salt),
      algorithm: sequence(OID_SCRYPT, sequence(octets(salt), integer(N), integer(r), integer(p))),
    };
  },
  /** For PKCS#12, which other programs import too. */
  pbkdf2: (passphrase: Buffer, salt: Buffer) => ({
    secret: pbkdf2Sync(passphrase, salt, PBKDF2_ROUNDS, KEY_BYTES, 'sha256'),
    algorithm: sequence(OID_PBKDF2, sequence(octets(salt), integer(PBKDF2_ROUNDS), OID_HMAC_SHA256_NULL)),
  }),
} as const;

/**
 * A private key as EncryptedPrivateKeyInfo (RFC 5958), DER: PBES2 with AES-256-CBC. Node's own export knows
 * only PBKDF2 with 2048 rounds, hence this. @throws KeyringError `passphrase_weak`.
 */
export function encryptPkcs8(key: KeyObject, passphrase: Buffer, by: keyof typeof DERIVATIONS): Buffer {
  requireStrongPassphrase(passphrase);
  const iv = randomBytes(IV_BYTES);
  const { secret, algorithm } = DERIVATIONS[by](passphrase, randomBytes(SALT_BYTES));
  const plain = key.export({ format: 'der', type: 'pkcs8' });
  try {
    const cipher = createCipheriv('aes-256-cbc', secret, iv);
    const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
    const scheme = sequence(OID_PBES2, sequence(algorithm, sequence(OID_AES_256_CBC, octets(iv))));
    return sequence(scheme, octets(encrypted));
  } finally {
    secret.fill(0);
    plain.fill(0);
  }
}

/** A private key's file in PEM, by scrypt. `openssl pkcs8` opens it. @throws KeyringError `passphrase_weak`. */
export function encryptPrivateKey(key: KeyObject, passphrase: Buffer): string {
  return pem(LABEL, encryptPkcs8(key, passphrase, 'scrypt'));
}

/**
 * Opens an encrypted PKCS#8 file. @throws KeyringError `master_key_malformed` for a file of another kind, an
 * unencrypted one included; `passphrase_wrong` for everything that only the passphrase could tell.
 */
export function decryptPrivateKey(text: string, passphrase: Buffer): KeyObject {
  // Text before the block is allowed (RFC 7468 section 5.2), a second block is not.
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]+-----/g) ?? [];
  if (blocks.length !== 1 || blocks[0] !== `-----BEGIN ${LABEL}-----`) {
    throw new KeyringError('master_key_malformed', 'This is not a key file encrypted under a passphrase.');
  }
  try {
    return createPrivateKey({ key: text, format: 'pem', passphrase });
  } catch {
    throw wrongPassphrase();
  }
}
