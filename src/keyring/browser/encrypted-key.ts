import {
  childrenOf,
  contentOf,
  fromDer,
  integer,
  nothing,
  octets,
  oid,
  oidOf,
  sequence,
  toDer,
} from './asn1.ts';
import { bytesOf, randomBytes, type Bytes, type SubtleKey } from './bytes.ts';
import { wrongPassphrase } from './passphrase-rule.ts';
import { malformedPkcs12 } from './pkcs12-format.ts';

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const;

/** OWASP's figure for PBKDF2 with HMAC-SHA-256. */
const ROUNDS = 600_000;
/** More than this is a trap for whoever opens the file. */
const MAX_ROUNDS = 10_000_000;
const SALT_BYTES = 16;
const IV_BYTES = 16;

/** How a key bag's passphrase becomes a key. */
export interface KeyDerivation {
  readonly salt: Bytes;
  readonly rounds: number;
}

export function newDerivation(): KeyDerivation {
  return { salt: randomBytes(SALT_BYTES), rounds: ROUNDS };
}

/** PBKDF2 with HMAC-SHA-256 (RFC 8018), by the platform; the key never leaves it. */
export async function deriveKey(passphrase: Uint8Array, { salt, rounds }: KeyDerivation): Promise<SubtleKey> {
  const base = await crypto.subtle.importKey('raw', bytesOf(passphrase), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, base, { name: 'AES-CBC', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** A private key (PKCS#8, DER) as EncryptedPrivateKeyInfo (RFC 5958): PBES2, AES-256-CBC. */
export async function encryptKey(
  pkcs8: Bytes,
  key: SubtleKey,
  { salt, rounds }: KeyDerivation,
): Promise<Bytes> {
  const iv = randomBytes(IV_BYTES);
  const encrypted = bytesOf(await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, pkcs8));
  const prf = sequence(oid(OID.hmacSha256), nothing());
  const kdf = sequence(oid(OID.pbkdf2), sequence(octets(salt), integer(rounds), prf));
  const scheme = sequence(oid(OID.pbes2), sequence(kdf, sequence(oid(OID.aes256Cbc), octets(iv))));
  return toDer(sequence(scheme, octets(encrypted)));
}

interface EncryptedKey extends KeyDerivation {
  readonly iv: Bytes;
  readonly encrypted: Bytes;
}

/** @throws KeyringError `pkcs12_malformed`. */
function readEncrypted(der: Uint8Array): EncryptedKey {
  try {
    const [scheme, encrypted] = childrenOf(fromDer(der));
    const [pbes2, parameters] = childrenOf(scheme);
    const [kdf, cipher] = childrenOf(parameters);
    const [pbkdf2, derivation] = childrenOf(kdf);
    const [salt, rounds, prf] = childrenOf(derivation);
    const [aes, iv] = childrenOf(cipher);
    const kinds = [pbes2, pbkdf2, childrenOf(prf)[0], aes].map(oidOf);
    if (kinds.join() !== [OID.pbes2, OID.pbkdf2, OID.hmacSha256, OID.aes256Cbc].join())
      throw new Error('other');
    const count = contentOf(rounds).reduce((value, byte) => value * 256 + byte, 0);
    if (count < 1 || count > MAX_ROUNDS) throw new Error('out of bounds');
    return { salt: contentOf(salt), rounds: count, iv: contentOf(iv), encrypted: contentOf(encrypted) };
  } catch {
    throw malformedPkcs12('a key is encrypted in another way');
  }
}

/**
 * The inverse: PKCS#8, which the caller zeroes. `keyFor` derives the key, once for bags that share a salt.
 * @throws KeyringError `pkcs12_malformed`, `passphrase_wrong`.
 */
export async function decryptKey(
  der: Uint8Array,
  keyFor: (derivation: KeyDerivation) => Promise<SubtleKey>,
): Promise<Bytes> {
  const { salt, rounds, iv, encrypted } = readEncrypted(der);
  const key = await keyFor({ salt, rounds });
  try {
    return bytesOf(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, encrypted));
  } catch {
    throw wrongPassphrase();
  }
}
