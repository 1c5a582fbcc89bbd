import { constants, privateDecrypt, publicEncrypt, type KeyObject } from 'node:crypto';

/** Length of everything that RSA-4096 encrypts. */
export const RSA_BYTES = 512;

// Named always: Node's default is SHA-1. OpenSSL takes the same hash for MGF1 when none is set.
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/** RSA-OAEP, SHA-256, MGF1-SHA-256, empty label (RFC 8017 section 7.1): 512 bytes. */
export function wrapRsa(key: KeyObject, secret: Uint8Array): Buffer {
  return publicEncrypt({ key, ...OAEP }, secret);
}

/** The inverse: the secret, which the caller zeroes, or undefined when it cannot be opened; never why. */
export function unwrapRsa(key: KeyObject, wrapped: Uint8Array): Buffer | undefined {
  try {
    return privateDecrypt({ key, ...OAEP }, wrapped);
  } catch {
    return undefined;
  }
}
