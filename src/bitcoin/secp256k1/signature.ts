import { script } from 'bitcoinjs-lib';
import { BitcoinError } from '../errors.ts';
import { curve } from './active.ts';

function requireDigest(digest: Uint8Array): void {
  if (digest.length !== 32) {
    throw new BitcoinError('digest_invalid', 'A digest to sign or to verify has 32 bytes.', {
      details: { bytes: digest.length },
    });
  }
}

/** Whether the bytes are a compressed public key on the curve. */
export function isCompressedPublicKey(candidate: Uint8Array): boolean {
  return candidate.length === 33 && curve().backend.isPoint(candidate);
}

/** @throws BitcoinError `private_key_invalid`. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const { backend } = curve();
  const point = backend.isPrivate(privateKey) ? backend.pointFromScalar(privateKey, true) : null;
  if (point === null) throw new BitcoinError('private_key_invalid', 'This is not a private key.');
  return point;
}

/**
 * Signs a 32-byte digest with ECDSA: RFC 6979 nonce, low s (BIP146), and low r by the same grinding as Bitcoin
 * Core (a little-endian counter as extra nonce data), so that the DER form has at most 70 bytes. Deterministic.
 * Returns r‖s, 64 bytes. @throws BitcoinError `digest_invalid`, `private_key_invalid`.
 */
export function signDigest(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  requireDigest(digest);
  const { backend } = curve();
  if (!backend.isPrivate(privateKey)) {
    throw new BitcoinError('private_key_invalid', 'This is not a private key.');
  }
  let signature = backend.sign(digest, privateKey);
  const extraData = new Uint8Array(32);
  const counter = new DataView(extraData.buffer);
  for (let attempt = 1; (signature[0] ?? 0) > 0x7f; attempt++) {
    counter.setUint32(0, attempt, true);
    signature = backend.sign(digest, privateKey, extraData);
  }
  return signature;
}

/**
 * Verifies r‖s over a 32-byte digest. A high s is refused, as Bitcoin's relay policy does (BIP146), so one
 * signature has one form. @throws BitcoinError `digest_invalid`, `public_key_invalid`, `signature_malformed`.
 */
export function verifyDigest(digest: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean {
  requireDigest(digest);
  const { backend } = curve();
  if (!backend.isPoint(publicKey)) {
    throw new BitcoinError('public_key_invalid', 'This is not a public key on secp256k1.');
  }
  if (signature.length !== 64) {
    throw new BitcoinError('signature_malformed', 'A compact signature has 64 bytes.', {
      details: { bytes: signature.length },
    });
  }
  return backend.verify(digest, publicKey, signature, true);
}

/** Strict DER (BIP66) followed by the sighash byte, as a witness carries it. `signature` is r‖s. */
export function encodeScriptSignature(signature: Uint8Array, sighashType: number): Uint8Array {
  return script.signature.encode(signature, sighashType);
}

/** The reverse of {@link encodeScriptSignature}. @throws BitcoinError `signature_malformed` unless strict DER. */
export function decodeScriptSignature(bytes: Uint8Array): { signature: Uint8Array; sighashType: number } {
  try {
    const { signature, hashType } = script.signature.decode(bytes);
    return { signature, sighashType: hashType };
  } catch (cause) {
    throw new BitcoinError('signature_malformed', 'A signature is not strict DER with a sighash byte.', {
      cause,
    });
  }
}
