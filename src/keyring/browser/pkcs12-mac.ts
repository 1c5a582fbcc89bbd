import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesOf, concatBytes, randomBytes, sameBytes } from './bytes.ts';

/**
 * A third of a second. The MAC is the shorter way to try a passphrase (one SHA-256 a round, where PBKDF2 takes four
 * for the same), so OpenSSL's 2048 would undo what the key bag's own derivation is for.
 */
const MAC_ROUNDS = 200_000;
/** More than this is a trap for whoever opens the file. */
const MAX_MAC_ROUNDS = 5_000_000;
const MAC_KEY_ID = 3;
const BLOCK_BYTES = 64;
const SALT_BYTES = 16;

export interface Pkcs12Mac {
  readonly salt: Uint8Array;
  readonly rounds: number;
  readonly digest: Uint8Array;
}

/** UTF-8 bytes as big-endian UTF-16 with a closing zero, without ever making a string of a passphrase. */
function bmpOf(passphrase: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * passphrase.length + 2);
  const view = new DataView(out.buffer);
  let end = 0;
  const put = (unit: number): void => {
    view.setUint16(end, unit);
    end += 2;
  };
  for (let at = 0; at < passphrase.length;) {
    const lead = passphrase[at++] ?? 0;
    const more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let i = 0; i < more; i++) point = (point << 6) | ((passphrase[at++] ?? 0) & 0x3f);
    if (point > 0xffff) {
      put(0xd800 + ((point - 0x10000) >> 10));
      point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    put(point);
  }
  return out.subarray(0, end + 2);
}

function repeated(bytes: Uint8Array): Uint8Array {
  const length = Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES;
  return Uint8Array.from({ length }, (_, at) => bytes[at % bytes.length] ?? 0);
}

/** The MAC's key: RFC 7292 appendix B.2 with SHA-256 and id 3; one block is all of it. The caller zeroes it. */
function macKey(passphrase: Uint8Array, salt: Uint8Array, rounds: number): Uint8Array {
  const password = bmpOf(passphrase);
  const filled = repeated(password);
  const start = concatBytes(new Uint8Array(BLOCK_BYTES).fill(MAC_KEY_ID), repeated(salt), filled);
  let key: Uint8Array = sha256(start);
  for (let round = 1; round < rounds; round++) {
    const next = sha256(key);
    key.fill(0);
    key = next;
  }
  for (const secret of [password, filled, start]) secret.fill(0);
  return key;
}

function digestOf(
  content: Uint8Array,
  passphrase: Uint8Array,
  { salt, rounds }: Pick<Pkcs12Mac, 'salt' | 'rounds'>,
): Uint8Array {
  const key = macKey(passphrase, salt, rounds);
  try {
    return hmac(sha256, key, content);
  } finally {
    key.fill(0);
  }
}

/** HMAC-SHA-256 over a PKCS#12 file's content, under its passphrase. @param rounds fewer only for what tests forge. */
export function makeMac(content: Uint8Array, passphrase: Uint8Array, rounds = MAC_ROUNDS): Pkcs12Mac {
  const parameters = { salt: randomBytes(SALT_BYTES), rounds };
  return { ...parameters, digest: digestOf(content, passphrase, parameters) };
}

/** Whether the passphrase is the right one and the content unchanged. */
export function macHolds(content: Uint8Array, passphrase: Uint8Array, mac: Pkcs12Mac): boolean {
  if (mac.rounds < 1 || mac.rounds > MAX_MAC_ROUNDS || mac.digest.length !== 32) return false;
  // Whoever compares has the file and the passphrase before them: there is nobody to time it.
  return sameBytes(bytesOf(digestOf(content, passphrase, mac)), mac.digest);
}
