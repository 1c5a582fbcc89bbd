import { randomBytes } from 'node:crypto';
import { openAes, sealAes } from './aes-gcm.ts';
import { KeyringError } from './errors.ts';
import { keyOfPassphrase, requireStrongPassphrase, SALT_BYTES, wrongPassphrase } from './passphrase.ts';

/** A small secret under a passphrase: `TLPB` ‖ 1 ‖ salt (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16). */
const MAGIC = Buffer.from('TLPB\x01', 'latin1');
const MAX_BYTES = 4_096;

/**
 * Seals a secret under a passphrase by scrypt and AES-256-GCM, bound to the public text that goes with it. The
 * caller zeroes `secret`. @throws KeyringError `passphrase_weak`.
 */
export function sealWithPassphrase(secret: Buffer, passphrase: Buffer, belongsTo: string): Buffer {
  requireStrongPassphrase(passphrase);
  const salt = randomBytes(SALT_BYTES);
  const key = keyOfPassphrase(passphrase, salt);
  try {
    const head = Buffer.concat([MAGIC, salt]);
    return Buffer.concat([head, sealAes(key, secret, Buffer.concat([head, Buffer.from(belongsTo)]))]);
  } finally {
    key.fill(0);
  }
}

/** The inverse; the caller zeroes the secret. @throws KeyringError `box_malformed`, `passphrase_wrong`. */
export function openWithPassphrase(box: Buffer, passphrase: Buffer, belongsTo: string): Buffer {
  const head = box.subarray(0, MAGIC.length + SALT_BYTES);
  if (
    box.length > MAX_BYTES ||
    head.length < MAGIC.length + SALT_BYTES ||
    !head.subarray(0, MAGIC.length).equals(MAGIC)
  ) {
    throw new KeyringError('box_malformed', 'This is not a secret sealed under a passphrase.');
  }
  const key = keyOfPassphrase(passphrase, head.subarray(MAGIC.length));
  try {
    const associated = Buffer.concat([head, Buffer.from(belongsTo)]);
    const secret = openAes(key, box.subarray(head.length), associated);
    if (secret === undefined) throw wrongPassphrase();
    return secret;
  } finally {
    key.fill(0);
  }
}
