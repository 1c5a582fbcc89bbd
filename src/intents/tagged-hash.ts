import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type JsonValue } from '../shared/index.ts';

const encoder = new TextEncoder();

/** SHA-256 of `bytes` under a tag (the construction of BIP340), so that no hash of one purpose is one of another. */
export function taggedHash(tag: string, bytes: Uint8Array): Uint8Array {
  const tagHash = sha256(encoder.encode(tag));
  return sha256(concatBytes(tagHash, tagHash, bytes));
}

/** The tagged hash of a value's canonical JSON (RFC 8785): 32 bytes. */
export function hashStatement(tag: string, value: object): Uint8Array {
  // Whether it is JSON is checked where it is written down.
  return taggedHash(tag, encoder.encode(canonicalJson(value as JsonValue)));
}

export function hex(bytes: Uint8Array): string {
  return bytesToHex(bytes);
}
