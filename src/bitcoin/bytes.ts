import { sha256 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';
import { bytesEqual } from './transactions/byte-order.ts';

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** SHA-256(SHA-256(tag) ‖ SHA-256(tag) ‖ message), the tagged hash of BIP340, also used by BIP322. */
export function taggedHash(tag: string, message: Uint8Array): Uint8Array {
  const tagHash = sha256(new TextEncoder().encode(tag));
  return sha256(concatBytes(tagHash, tagHash, message));
}

function checksum(payload: Uint8Array): Uint8Array {
  return sha256(sha256(payload)).subarray(0, 4);
}

export function encodeBase58Check(payload: Uint8Array): string {
  return base58.encode(concatBytes(payload, checksum(payload)));
}

/**
 * The payload of `payloadBytes`, or what is wrong. Callers bound the length of `text` first: base 58 takes
 * quadratic time.
 */
export function decodeBase58Check(
  text: string,
  payloadBytes: number,
): Uint8Array | 'malformed' | 'checksum_mismatch' {
  let bytes: Uint8Array;
  try {
    bytes = base58.decode(text);
  } catch {
    return 'malformed';
  }
  if (bytes.length !== payloadBytes + 4) return 'malformed';
  const payload = bytes.slice(0, payloadBytes);
  return bytesEqual(checksum(payload), bytes.subarray(payloadBytes)) ? payload : 'checksum_mismatch';
}
