import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { decryptPrivateKey, encryptPrivateKey } from './encrypted-pkcs8.ts';
import { KeyringError } from './errors.ts';
import { requireStrongPassphrase, wrongPassphrase } from './passphrase.ts';
import { unwrapRsa, wrapRsa } from './rsa-oaep.ts';

const MODULUS_BITS = 4096;
const SAMPLE_BYTES = 32;
const PUBLIC_EXPONENT = 65_537n;

/** The public half of an institution's RSA-4096 key. */
export interface MasterPublicKey {
  /** SHA-256 of the SubjectPublicKeyInfo: 64 hex digits. */
  readonly fingerprint: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly key: KeyObject;
}

/** An opened master key: as much as two people's files and passphrases are worth. */
export interface MasterPrivateKey extends MasterPublicKey {
  readonly privateKey: KeyObject;
}

/** A new key as it is written to files. */
export interface MasterKeyFiles {
  readonly fingerprint: string;
  readonly publicPem: string;
  /** PKCS#8, encrypted under the passphrase. */
  readonly privatePem: string;
}

function requireRsa4096(key: KeyObject): void {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (
    key.asymmetricKeyType !== 'rsa' ||
    modulusLength !== MODULUS_BITS ||
    publicExponent !== PUBLIC_EXPONENT
  ) {
    throw new KeyringError('master_key_refused', 'A master key is RSA, 4096 bits, exponent 65537.');
  }
}

/** SHA-256 of a SubjectPublicKeyInfo (DER), hex. */
export function fingerprintOfSpki(spki: Buffer): string {
  return createHash('sha256').update(spki).digest('hex');
}

/** A public key as a master. @throws KeyringError `master_key_refused`. */
export function masterPublicKey(key: KeyObject): MasterPublicKey {
  requireRsa4096(key);
  const spki = key.export({ format: 'der', type: 'spki' });
  return { fingerprint: fingerprintOfSpki(spki), spki, key };
}

function fromSpki(spki: Buffer): MasterPublicKey {
  return masterPublicKey(createPublicKey({ key: spki, format: 'der', type: 'spki' }));
}

/** A public key that came as SubjectPublicKeyInfo, DER. @throws KeyringError `master_key_malformed`, `master_key_refused`. */
export function masterPublicKeyOfSpki(spki: Buffer): MasterPublicKey {
  try {
    return fromSpki(spki);
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw thrown;
    throw new KeyringError('master_key_malformed', 'This is not a public key.');
  }
}

/**
 * Reads a public key in PEM (`BEGIN PUBLIC KEY`, RFC 7468). A private key is refused: whoever hands one over where
 * a public one belongs should learn so. @throws KeyringError `master_key_malformed`, `master_key_refused`.
 */
export function parseMasterPublicKey(pem: string): MasterPublicKey {
  const blocks = pem.match(/-----BEGIN [A-Z0-9 ]+-----/g) ?? [];
  const body = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(pem)?.[1];
  if (blocks.length !== 1 || body === undefined) {
    throw new KeyringError('master_key_malformed', 'This is not a public key in PEM.');
  }
  try {
    return fromSpki(Buffer.from(body, 'base64'));
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw thrown;
    throw new KeyringError('master_key_malformed', 'This is not a public key in PEM.');
  }
}

/** The file's cipher detects no damage, and a key with a damaged modulus would be taken for another key. */
function requireWorking({ key, privateKey }: MasterPrivateKey): void {
  const sample = randomBytes(SAMPLE_BYTES);
  if (unwrapRsa(privateKey, wrapRsa(key, sample))?.equals(sample) !== true) throw wrongPassphrase();
}

/**
 * Opens a master key's file. @throws KeyringError `master_key_malformed`, `master_key_refused`, and
 * `passphrase_wrong` with one constant message.
 */
export function openMasterKey(privatePem: string, passphrase: Buffer): MasterPrivateKey {
  return masterPrivateKey(decryptPrivateKey(privatePem, passphrase));
}

/** A private key as an opened master, tried once. @throws KeyringError `master_key_refused`, `passphrase_wrong`. */
export function masterPrivateKey(privateKey: KeyObject): MasterPrivateKey {
  requireRsa4096(privateKey);
  const master = { ...masterPublicKey(createPublicKey(privateKey)), privateKey };
  requireWorking(master);
  return master;
}

/** A private key out of a slot: PKCS#8, DER, in the clear. @throws KeyringError `master_key_…`. */
export function masterPrivateKeyFrom(pkcs8: Buffer): MasterPrivateKey {
  return masterPrivateKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
}

/** A public key that a document names: SubjectPublicKeyInfo, DER. @throws KeyringError `master_key_…`. */
export function masterPublicKeyFrom(spki: Buffer): MasterPublicKey {
  try {
    return fromSpki(spki);
  } catch (thrown) {
    if (thrown instanceof KeyringError) throw thrown;
    throw new KeyringError('master_key_malformed', 'This is not a public key.');
  }
}

const generate = promisify(generateKeyPair);

/** Makes an RSA-4096 key, by OpenSSL (a second or more). */
export async function generateMasterKey(): Promise<MasterPrivateKey> {
  const { privateKey } = await generate('rsa', {
    modulusLength: MODULUS_BITS,
    publicExponent: Number(PUBLIC_EXPONENT),
  });
  return masterPrivateKey(privateKey);
}

/** Makes a key as files. @throws KeyringError `passphrase_weak`. */
export async function createMasterKey(passphrase: Buffer): Promise<MasterKeyFiles> {
  requireStrongPassphrase(passphrase);
  const { fingerprint, key, privateKey } = await generateMasterKey();
  return {
    fingerprint,
    publicPem: key.export({ format: 'pem', type: 'spki' }).toString(),
    privatePem: encryptPrivateKey(privateKey, passphrase),
  };
}
