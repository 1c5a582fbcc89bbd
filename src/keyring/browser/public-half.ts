import { KeyringError } from '../errors.ts';
import { bits, integerOf, nothing, oid, sequence, toDer } from './asn1.ts';
import type { Bytes } from './bytes.ts';

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTETS = 0x04;

interface Value {
  readonly tag: number;
  /** Where the content begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** One value of DER. Read from the bytes themselves: a codec that keeps strings must not see a private key. */
function valueAt(bytes: Uint8Array, at: number): Value {
  const tag = bytes[at] ?? 0;
  const first = bytes[at + 1] ?? 0x80;
  const more = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || more > 3) throw new Error('no definite length');
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < more; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + more;
  if (start + length > bytes.length) throw new Error('it is cut off');
  return { tag, start, end: start + length };
}

function expectAt(bytes: Uint8Array, at: number, tag: number): Value {
  const value = valueAt(bytes, at);
  if (value.tag !== tag) throw new Error('another type');
  return value;
}

/**
 * The public half (SubjectPublicKeyInfo, DER) of an RSA private key (PKCS#8 of RFC 5958 with RSAPrivateKey of RFC
 * 8017). @throws KeyringError `master_key_malformed`.
 */
export function publicHalfOf(pkcs8: Uint8Array): Bytes {
  try {
    const version = expectAt(pkcs8, expectAt(pkcs8, 0, SEQUENCE).start, INTEGER);
    const algorithm = expectAt(pkcs8, version.end, SEQUENCE);
    const key = expectAt(pkcs8, expectAt(pkcs8, algorithm.end, OCTETS).start, SEQUENCE);
    const modulus = expectAt(pkcs8, expectAt(pkcs8, key.start, INTEGER).end, INTEGER);
    const exponent = expectAt(pkcs8, modulus.end, INTEGER);
    const integers = [modulus, exponent].map(({ start, end }) => integerOf(pkcs8.subarray(start, end)));
    return toDer(sequence(sequence(oid(RSA_ENCRYPTION), nothing()), bits(toDer(sequence(...integers)))));
  } catch {
    throw new KeyringError('master_key_malformed', 'This is not an RSA private key.');
  }
}
