import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SALT_BYTES } from './passphrase.ts';

/**
 * A third of a second. The MAC is the shorter way to try a passphrase (one SHA-256 a round, where PBKDF2 takes four
 * for the same), so OpenSSL's 2048 would undo what the key bag's own derivation is for.
 */
const MAC_ROUNDS = 200_000;
/** More than this is a trap for whoever opens the file. */
const MAX_MAC_ROUNDS = 5_000_000;
const MAC_KEY_ID = 3;
const BLOCK_BYTES = 64;

export interface Pkcs12Mac {
  readonly salt: Buffer;
  readonly rounds: number;
  readonly digest: Buffer;
}

/** UTF-8 bytes as big-endian UTF-16 with a closing zero, without ever making a string of a passphrase. */
function bmpOf(passphrase: Buffer): Buffer {
  const out = Buffer.alloc(2 * passphrase.length + 2);
  let end = 0;
  for (let at = 0; at < passphrase.length;) {
    const lead = passphrase[at++] ?? 0;
    const more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (let i = 0; i < more; i++) point = (point << 6) | ((passphrase[at++] ?? 0) & 0x3f);
    if (point > 0xffff) {
      end = out.writeUInt16BE(0xd800 + ((point - 0x10000) >> 10), end);
      point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    end = out.writeUInt16BE(point, end);
  }
  return out.subarray(0, end + 2);
}

function repeated(bytes: Buffer): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES, bytes);
}

/** The MAC's key: RFC 7292 appendix B.2 with SHA-256 and id 3; one block is all of it. The caller zeroes it. */
function macKey(passphrase: Buffer, salt: Buffer, rounds: number): Buffer {
  const password = bmpOf(passphrase);
  const filled = repeated(password);
  const start = Buffer.concat([Buffer.alloc(BLOCK_BYTES, MAC_KEY_ID), repeated(salt), filled]);
  let key = hash('sha256', start, 'buffer');
  for (let round = 1; round < rounds; round++) {
    const next = hash('sha256', key, 'buffer');
    key.fill(0);
    key = next;
  }
  for (const secret of [password, filled, start]) secret.fill(0);
  return key;
}

function digestOf(
  content: Buffer,
  passphrase: Buffer,
  { salt, rounds }: Pick<Pkcs12Mac, 'salt' | 'rounds'>,
): Buffer {
  const key = macKey(passphrase, salt, rounds);
  try {
    return createHmac('sha256', key).update(content).digest();
  } finally {
    key.fill(0);
  }
}

/** HMAC-SHA-256 over a PKCS#12 file's content, under its passphrase. */
export function makeMac(content: Buffer, passphrase: Buffer): Pkcs12Mac {
  const parameters = { salt: randomBytes(SALT_BYTES), rounds: MAC_ROUNDS };
  return { ...parameters, digest: digestOf(content, passphrase, parameters) };
}

/** Whether the passphrase is the right one and the content unchanged. */
export function macHolds(content: Buffer, passphrase: Buffer, mac: Pkcs12Mac): boolean {
  if (mac.rounds < 1 || mac.rounds > MAX_MAC_ROUNDS || mac.digest.length !== 32) return false;
  return timingSafeEqual(digestOf(content, passphrase, mac), mac.digest);
}
