import { KeyringError } from '../errors.ts';
import { bytesOf, concatBytes, randomBytes, sameBytes, sha256, utf8, type Bytes } from './bytes.ts';
import type { MasterLock } from './master-lock-file.ts';

/**
 * A small secret for one master lock: `TLLB` ‖ 1 ‖ SHA-256 of the lock's decryption half (32) ‖ the key by RSA-OAEP
 * (512) ‖ nonce (12) ‖ ciphertext ‖ tag (16), by AES-256-GCM. All before the nonce, and the public text that goes with
 * the secret, are authenticated.
 */
const HEAD = Uint8Array.of(0x54, 0x4c, 0x4c, 0x42, 1);
const FINGERPRINT_BYTES = 32;
const RSA_BYTES = 512;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const MAX_SECRET_BYTES = 4_096;
const OAEP = { name: 'RSA-OAEP', hash: 'SHA-256' } as const;

async function cipher(key: Bytes, usage: 'encrypt' | 'decrypt') {
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, [usage]);
}

/**
 * Seals a secret to the decryption half (SubjectPublicKeyInfo) of a lock, bound to a public text. The caller zeroes
 * `secret`. @throws KeyringError `secret_invalid`.
 */
export async function sealToLock(
  secret: Uint8Array,
  belongsTo: string,
  decryption: Uint8Array,
): Promise<Bytes> {
  if (secret.length === 0 || secret.length > MAX_SECRET_BYTES) {
    throw new KeyringError('secret_invalid', 'A lock is given a secret of 1 to 4096 bytes.');
  }
  const recipient = await crypto.subtle.importKey('spki', bytesOf(decryption), OAEP, false, ['encrypt']);
  const key = randomBytes(KEY_BYTES);
  try {
    const wrapped = bytesOf(await crypto.subtle.encrypt(OAEP, recipient, key));
    const head = concatBytes(HEAD, await sha256(bytesOf(decryption)), wrapped);
    const iv = randomBytes(NONCE_BYTES);
    const how = { name: 'AES-GCM', iv, additionalData: concatBytes(head, utf8(belongsTo)) };
    const sealed = await crypto.subtle.encrypt(how, await cipher(key, 'encrypt'), bytesOf(secret));
    return concatBytes(head, iv, bytesOf(sealed));
  } finally {
    key.fill(0);
  }
}

/**
 * The inverse, by the lock's owner; the caller zeroes the secret.
 * @throws KeyringError `box_malformed`, `envelope_for_other_masters`, `envelope_damaged`.
 */
export async function openWithLock(box: Uint8Array, belongsTo: string, lock: MasterLock): Promise<Bytes> {
  const start = HEAD.length + FINGERPRINT_BYTES;
  const head = box.slice(0, start + RSA_BYTES);
  const tooShort = box.length <= head.length + NONCE_BYTES + TAG_BYTES;
  if (
    tooShort ||
    box.length > head.length + MAX_SECRET_BYTES + 64 ||
    !sameBytes(HEAD, box.subarray(0, HEAD.length))
  ) {
    throw new KeyringError('box_malformed', 'This is not a secret sealed to a master lock.');
  }
  if (!sameBytes(box.subarray(HEAD.length, start), await sha256(lock.decryption))) {
    throw new KeyringError('envelope_for_other_masters', 'It is sealed to another master lock.');
  }
  const key = await lock.decrypt(head.subarray(start));
  try {
    const iv = box.slice(head.length, head.length + NONCE_BYTES);
    const how = { name: 'AES-GCM', iv, additionalData: concatBytes(head, utf8(belongsTo)) };
    const body = box.slice(head.length + NONCE_BYTES);
    return bytesOf(await crypto.subtle.decrypt(how, await cipher(key, 'decrypt'), body));
  } catch {
    throw new KeyringError('envelope_damaged', 'It cannot be opened: it is damaged or was changed.');
  } finally {
    key.fill(0);
  }
}
