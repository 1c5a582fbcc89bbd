import { createHmac, timingSafeEqual } from 'node:crypto';
import assert from 'node:assert';

/** HMAC-SHA-256 under the server's secret, a separate key for every purpose. */
export interface KeyedHash {
  /** 32 bytes. Parts are length-prefixed, so `['ab','c']` and `['a','bc']` differ. */
  mac(purpose: string, parts: readonly string[]): Buffer;
  /** Whether `expected` was made from the same parts under the current or an earlier secret; constant time. */
  verify(purpose: string, parts: readonly string[], expected: Uint8Array): boolean;
  /** 32-byte keys for one purpose, the current one first: for sealing what must be read again. */
  keysFor(purpose: string): readonly [Buffer, ...Buffer[]];
}

const MIN_SECRET_BYTES = 32;

function macWith(secret: Uint8Array, purpose: string, parts: readonly string[]): Buffer {
  const key = createHmac('sha256', secret).update(`trilock/http/${purpose}`).digest();
  const hmac = createHmac('sha256', key);
  for (const part of parts) {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hmac.update(length).update(bytes);
  }
  return hmac.digest();
}

/**
 * @param secrets The current secret first, then earlier ones that are still honoured; 32 bytes or more each.
 * It never reaches the database: what is hashed there (passwords inside request hashes, addresses) must not be
 * guessable by who reads the tables.
 */
export function createKeyedHash(secrets: readonly [Uint8Array, ...Uint8Array[]]): KeyedHash {
  for (const secret of secrets) assert(secret.length >= MIN_SECRET_BYTES, 'the HTTP secret is too short');
  return {
    keysFor(purpose) {
      const [current, ...earlier] = secrets;
      const derive = (secret: Uint8Array): Buffer => macWith(secret, `keys/${purpose}`, []);
      return [derive(current), ...earlier.map(derive)];
    },
    mac: (purpose, parts) => macWith(secrets[0], purpose, parts),
    verify: (purpose, parts, expected) =>
      secrets.some((secret) => {
        const actual = macWith(secret, purpose, parts);
        return actual.length === expected.length && timingSafeEqual(actual, expected);
      }),
  };
}
