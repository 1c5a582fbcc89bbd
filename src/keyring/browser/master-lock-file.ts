import { KeyringError } from '../errors.ts';
import { bytesOf, sameBytes, type Bytes, type SubtleKey } from './bytes.ts';
import { decryptKey, deriveKey, encryptKey, newDerivation, type KeyDerivation } from './encrypted-key.ts';
import { isCertificateFor, keyIdOfSpki, spkiOfCertificate, type LockUse } from './lock-certificate.ts';
import { requireStrongPassphrase, wrongPassphrase } from './passphrase-rule.ts';
import {
  decodeBags,
  decodePfx,
  encodeBags,
  encodePfx,
  malformedPkcs12,
  type Pkcs12Bags,
} from './pkcs12-format.ts';
import { macHolds, makeMac } from './pkcs12-mac.ts';
import { publicHalfOf } from './public-half.ts';

/** What the institution issued for a lock: X.509, DER. */
export interface LockCertificates {
  readonly signing: Uint8Array;
  readonly decryption: Uint8Array;
  /** The issuer's own. */
  readonly issuer: Uint8Array;
}

/** A customer's master lock, opened: it signs and decrypts, and gives its private halves to nobody. */
export interface MasterLock {
  /** SubjectPublicKeyInfo, DER. */
  readonly signing: Bytes;
  readonly decryption: Bytes;
  /** Null before the institution has issued them. Who issued them is for the caller to check. */
  readonly certificates: LockCertificates | null;
  /** RSA-PSS, SHA-256, MGF1-SHA-256, salt 32 (RFC 8017) over a statement's digest: 512 bytes. */
  readonly sign: (digest: Uint8Array) => Promise<Bytes>;
  /** By the decryption half: for the one statement that proves that it is held. */
  readonly proveDecryption: (digest: Uint8Array) => Promise<Bytes>;
  /** RSA-OAEP, SHA-256, MGF1-SHA-256, no label. @throws KeyringError `envelope_damaged`. */
  readonly decrypt: (wrapped: Uint8Array) => Promise<Bytes>;
}

const MODULUS_BITS = 4096;
const PUBLIC_EXPONENT = Uint8Array.of(1, 0, 1);
const PSS = { name: 'RSA-PSS', hash: 'SHA-256' } as const;
const PSS_SIGN = { name: 'RSA-PSS', saltLength: 32 } as const;
const OAEP = { name: 'RSA-OAEP', hash: 'SHA-256' } as const;
const USES = ['signing', 'decryption'] as const;
const NAMES: Readonly<Record<LockUse, string>> = {
  signing: 'Trilock master lock signing',
  decryption: 'Trilock master lock decryption',
};
const MAX_FILE_BYTES = 64 * 1024;

/** PKCS#8 of both halves; whoever holds it zeroes it. */
type PrivateHalves = Readonly<Record<LockUse, Bytes>>;

async function newKey(use: LockUse): Promise<Bytes> {
  const size = { modulusLength: MODULUS_BITS, publicExponent: PUBLIC_EXPONENT };
  const pair =
    use === 'signing'
      ? await crypto.subtle.generateKey({ ...PSS, ...size }, true, ['sign', 'verify'])
      : await crypto.subtle.generateKey({ ...OAEP, ...size }, true, ['encrypt', 'decrypt']);
  return bytesOf(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
}

async function certificateBags(
  certificates: LockCertificates | null,
): Promise<Pkcs12Bags['certificates'][number][]> {
  if (certificates === null) return [];
  const own = USES.map(async (use) => {
    const der = certificates[use];
    return { id: await keyIdOfSpki(spkiOfCertificate(der)), der };
  });
  return [...(await Promise.all(own)), { id: null, der: certificates.issuer }];
}

/** The file of two given keys. @throws KeyringError `passphrase_weak`. */
export async function encodeMasterLock(halves: PrivateHalves, passphrase: Uint8Array): Promise<Bytes> {
  requireStrongPassphrase(passphrase);
  const derivation = newDerivation();
  const key = await deriveKey(passphrase, derivation);
  const keys = [];
  for (const use of USES) {
    const id = await keyIdOfSpki(publicHalfOf(halves[use]));
    keys.push({ name: NAMES[use], id, encrypted: await encryptKey(halves[use], key, derivation) });
  }
  const content = encodeBags({ keys, certificates: [] });
  return encodePfx(content, makeMac(content, passphrase));
}

/**
 * Makes a master lock and its file: PKCS#12 (RFC 7292) with two key bags under PBES2 with AES-256-CBC and
 * PBKDF2-SHA-256, and an HMAC-SHA-256 over all of it. Takes seconds. The certificates are added when the institution
 * has issued them. `passphrase` is UTF-8; the caller zeroes it. @throws KeyringError `passphrase_weak`.
 */
export async function createMasterLock(
  passphrase: Uint8Array,
): Promise<{ readonly file: Bytes; readonly lock: MasterLock }> {
  requireStrongPassphrase(passphrase);
  const [signing, decryption] = await Promise.all(USES.map(newKey));
  const halves = { signing: signing ?? new Uint8Array(), decryption: decryption ?? new Uint8Array() };
  try {
    return { file: await encodeMasterLock(halves, passphrase), lock: await lockOf(halves, null) };
  } finally {
    halves.signing.fill(0);
    halves.decryption.fill(0);
  }
}

function importRsa(pkcs8: Bytes, algorithm: typeof PSS | typeof OAEP): Promise<SubtleKey> {
  const usages = algorithm.name === 'RSA-PSS' ? (['sign'] as const) : (['decrypt'] as const);
  // Not extractable: from here on the platform alone has it.
  return crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, [...usages]);
}

async function lockOf(halves: PrivateHalves, certificates: LockCertificates | null): Promise<MasterLock> {
  const [signer, prover, opener] = await Promise.all([
    importRsa(halves.signing, PSS),
    importRsa(halves.decryption, PSS),
    importRsa(halves.decryption, OAEP),
  ]);
  const sign = async (key: SubtleKey, digest: Uint8Array): Promise<Bytes> =>
    bytesOf(await crypto.subtle.sign(PSS_SIGN, key, bytesOf(digest)));
  return {
    signing: publicHalfOf(halves.signing),
    decryption: publicHalfOf(halves.decryption),
    certificates,
    sign: (digest) => sign(signer, digest),
    proveDecryption: (digest) => sign(prover, digest),
    decrypt: async (wrapped) => {
      try {
        return bytesOf(await crypto.subtle.decrypt(OAEP, opener, bytesOf(wrapped)));
      } catch {
        throw new KeyringError('envelope_damaged', 'It is not encrypted to this lock, or was changed.');
      }
    },
  };
}

function swapped(): KeyringError {
  return new KeyringError('lock_keys_swapped', 'The keys of the file are not what it calls them.');
}

function certificatesIn({ keys, certificates }: Pkcs12Bags): LockCertificates | null {
  if (certificates.length === 0) return null;
  const derOf = (use: LockUse): Uint8Array | undefined => {
    const key = keys.find(({ name }) => name === NAMES[use]);
    return certificates.find(({ id }) => id !== null && key !== undefined && sameBytes(id, key.id))?.der;
  };
  const issuer = certificates.find(({ id }) => id === null)?.der;
  const [signing, decryption] = USES.map(derOf);
  if (signing === undefined || decryption === undefined || issuer === undefined) {
    throw malformedPkcs12('a certificate is missing');
  }
  return { signing, decryption, issuer };
}

/** The right passphrase proves the content: it is authenticated as a whole. */
function openFile(file: Uint8Array, passphrase: Uint8Array): Pkcs12Bags {
  if (file.length > MAX_FILE_BYTES) throw malformedPkcs12('it is too large');
  const { content, mac } = decodePfx(file);
  if (!macHolds(content, passphrase, mac)) throw wrongPassphrase();
  return decodeBags(content);
}

/** One bag's key, if it is the key that the bag's name and certificate say. */
async function openHalf(
  bags: Pkcs12Bags,
  use: LockUse,
  certificates: LockCertificates | null,
  keyFor: (derivation: KeyDerivation) => Promise<SubtleKey>,
): Promise<Bytes> {
  const [bag, ...others] = bags.keys.filter(({ name }) => name === NAMES[use]);
  if (bag === undefined || others.length > 0)
    throw malformedPkcs12('it does not hold the two keys of a lock');
  const pkcs8 = await decryptKey(bag.encrypted, keyFor);
  const spki = publicHalfOf(pkcs8);
  const certificate = certificates?.[use];
  const fits =
    sameBytes(await keyIdOfSpki(spki), bag.id) &&
    (certificate === undefined ||
      (isCertificateFor(certificate, use) && sameBytes(spkiOfCertificate(certificate), spki)));
  if (fits) return pkcs8;
  pkcs8.fill(0);
  throw swapped();
}

/**
 * Opens a master lock's file. The caller zeroes `passphrase`.
 * @throws KeyringError `passphrase_wrong` with one constant message, `pkcs12_malformed`, `certificate_malformed`,
 * `lock_keys_swapped` when keys and certificates were exchanged.
 */
export async function openMasterLock(file: Uint8Array, passphrase: Uint8Array): Promise<MasterLock> {
  const bags = openFile(file, passphrase);
  const certificates = certificatesIn(bags);
  const derived = new Map<string, Promise<SubtleKey>>();
  const keyFor = (derivation: KeyDerivation): Promise<SubtleKey> => {
    const name = `${derivation.salt.join()} ${derivation.rounds}`;
    const known = derived.get(name) ?? deriveKey(passphrase, derivation);
    derived.set(name, known);
    return known;
  };
  const signing = await openHalf(bags, 'signing', certificates, keyFor);
  try {
    const decryption = await openHalf(bags, 'decryption', certificates, keyFor);
    try {
      return await lockOf({ signing, decryption }, certificates);
    } finally {
      decryption.fill(0);
    }
  } finally {
    signing.fill(0);
  }
}

/**
 * The same file with the certificates that the institution issued; the keys stay encrypted as they are. Who issued them
 * is for the caller to check (`verifyLockCertificate`).
 * @throws KeyringError `passphrase_wrong`, `pkcs12_malformed`, `certificate_of_another_key`.
 */
export async function certifyMasterLock(
  file: Uint8Array,
  passphrase: Uint8Array,
  certificates: LockCertificates,
): Promise<Bytes> {
  const { keys } = openFile(file, passphrase);
  const bags = { keys, certificates: await certificateBags(certificates) };
  for (const use of USES) {
    const key = keys.find(({ name }) => name === NAMES[use]);
    const id = await keyIdOfSpki(spkiOfCertificate(certificates[use]));
    if (key === undefined || !sameBytes(key.id, id) || !isCertificateFor(certificates[use], use)) {
      throw new KeyringError('certificate_of_another_key', 'The certificates are for another lock.');
    }
  }
  const content = encodeBags(bags);
  return encodePfx(content, makeMac(content, passphrase));
}
