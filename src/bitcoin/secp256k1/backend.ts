/** `native`: the libsecp256k1 addon of the `secp256k1` package; `wasm`: tiny-secp256k1. There is no third. */
export type Secp256k1BackendName = 'native' | 'wasm';

/**
 * The curve operations that bip32, ecpair and this library need. Keys, tweaks and digests are 32 bytes, public
 * keys SEC1 of 33 or 65 bytes (hybrid encodings are no points), signatures 64 bytes r‖s. Both backends answer
 * alike, byte for byte, and throw a plain Error on arguments of a wrong length or range.
 */
export interface Secp256k1Backend {
  readonly name: Secp256k1BackendName;
  isPoint(candidate: Uint8Array): boolean;
  isPrivate(candidate: Uint8Array): boolean;
  pointCompress(point: Uint8Array, compressed?: boolean): Uint8Array;
  pointFromScalar(privateKey: Uint8Array, compressed?: boolean): Uint8Array | null;
  /** point + tweak·G, null at infinity. */
  pointAddScalar(point: Uint8Array, tweak: Uint8Array, compressed?: boolean): Uint8Array | null;
  /** Sum modulo the group order, null at zero. */
  privateAdd(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array | null;
  privateNegate(privateKey: Uint8Array): Uint8Array;
  xOnlyPointAddTweak(
    xOnlyPoint: Uint8Array,
    tweak: Uint8Array,
  ): { parity: 0 | 1; xOnlyPubkey: Uint8Array } | null;
  /** RFC 6979 nonce over SHA-256, `extraData` (32 bytes) mixed in when given; s is always low. */
  sign(digest: Uint8Array, privateKey: Uint8Array, extraData?: Uint8Array): Uint8Array;
  /** `strict` refuses a high s; r or s out of range is false, not an error. */
  verify(digest: Uint8Array, point: Uint8Array, signature: Uint8Array, strict?: boolean): boolean;
}

/** SEC1 without the hybrid encodings 06 and 07, which consensus takes in old scripts and nobody writes. */
export function hasPointEncoding(candidate: Uint8Array): boolean {
  const prefix = candidate[0];
  return (
    (candidate.length === 33 && (prefix === 2 || prefix === 3)) || (candidate.length === 65 && prefix === 4)
  );
}

const CURVE_ORDER = Uint8Array.from(
  'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'.match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);

/** Whether the 32 bytes, read big-endian, are below the group order (zero included). */
export function isBelowCurveOrder(scalar: Uint8Array): boolean {
  if (scalar.length !== 32) return false;
  for (let i = 0; i < 32; i++) {
    const difference = (scalar[i] ?? 0) - (CURVE_ORDER[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

export function requirePoint(point: Uint8Array): void {
  if (!hasPointEncoding(point)) throw new Error('Expected a public key of 33 or 65 bytes');
}

export function requireScalar(scalar: Uint8Array): void {
  if (!isBelowCurveOrder(scalar)) throw new Error('Expected 32 bytes below the group order');
}

/** Refuses wrong lengths; false when r or s is not below the group order, so that no signature can match. */
export function signatureInRange(digest: Uint8Array, signature: Uint8Array): boolean {
  if (digest.length !== 32) throw new Error('Expected a digest of 32 bytes');
  if (signature.length !== 64) throw new Error('Expected a signature of 64 bytes');
  return isBelowCurveOrder(signature.subarray(0, 32)) && isBelowCurveOrder(signature.subarray(32));
}
