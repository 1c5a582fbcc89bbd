import { sealSecret, unsealSecret, type KeyedHash } from '../http/index.ts';

const PURPOSE = 'identity/totp';

/** Seals a shared secret for the row of its owner. */
export function seal(hash: KeyedHash, owner: string, secret: Uint8Array): Uint8Array<ArrayBuffer> {
  return sealSecret(hash, PURPOSE, owner, secret);
}

/** @throws Error when it was altered, or its key was dropped. */
export function unseal(hash: KeyedHash, owner: string, sealed: Uint8Array): Buffer {
  return unsealSecret(hash, PURPOSE, owner, sealed);
}
