import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyedHash } from './keyed-hash.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts for the database what must be read again, with AES-256-GCM under the server's secret: who reads the
 * tables alone learns nothing. `owner` is authenticated, so a sealed secret cannot be moved to another row.
 */
export function sealSecret(
  hash: KeyedHash,
  purpose: string,
  owner: string,
  secret: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', hash.keysFor(purpose)[0], nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
  return Uint8Array.from(Buffer.concat([nonce, cipher.getAuthTag(), sealed]));
}

/** The secret, under the current key or an earlier one. @throws Error when none fits or it was altered. */
export function unsealSecret(hash: KeyedHash, purpose: string, owner: string, sealed: Uint8Array): Buffer {
  for (const key of hash.keysFor(purpose)) {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(owner))
      .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      // Another key may fit.
    }
  }
  throw new Error('a sealed secret does not open: it was altered, or its key was dropped');
}
