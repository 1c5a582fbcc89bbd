/**
 * SHA-256 of SHA-256, the hash of blocks and transactions. The caller gives the implementation: a follower on a
 * server hashes whole blocks and takes the native one, a browser that checks one proof takes any.
 */
export type DoubleSha256 = (bytes: Uint8Array) => Uint8Array;

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A hash as people read it: the 32 bytes at `offset` reversed, hex. */
export function hashText(bytes: Uint8Array, offset = 0): string {
  let text = '';
  for (let i = offset + 31; i >= offset; i--) text += DIGITS[bytes[i] ?? 0] ?? '';
  return text;
}

/** The 32 bytes, in the order in which blocks hold them, of a hash as people read it; `undefined` for anything else. */
export function hashBytes(text: string): Uint8Array | undefined {
  if (!/^[0-9a-f]{64}$/.test(text)) return undefined;
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 32; i++) bytes[31 - i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}
