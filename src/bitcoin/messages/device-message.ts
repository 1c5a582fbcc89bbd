import { base64 } from '@scure/base';
import { crypto } from 'bitcoinjs-lib';
import { concatBytes } from '../bytes.ts';
import { BitcoinError } from '../errors.ts';
import { verifyDigest } from '../secp256k1/signature.ts';
import { ByteWriter } from '../transactions/byte-writer.ts';

const MAGIC = new TextEncoder().encode('\x18Bitcoin Signed Message:\n');
const SIGNATURE_BYTES = 65;
/** BIP137: 27 to 30 name an uncompressed key, which no extended key has; up to 42, the kinds of addresses. */
const FIRST_HEADER = 31;
const LAST_HEADER = 42;

/** What a wallet signs when it is asked to sign a text: the double SHA-256 of magic, length and text. */
export function deviceMessageDigest(message: string): Uint8Array {
  const bytes = new TextEncoder().encode(message);
  const framed = new ByteWriter().prefixed(bytes).finish();
  return crypto.hash256(concatBytes(MAGIC, framed));
}

function malformed(reason: string): BitcoinError {
  return new BitcoinError('message_signature_malformed', `This is not a signed message: ${reason}.`, {
    details: { reason },
  });
}

/**
 * Reads a signature as hardware wallets give it: 65 bytes in base 64 (BIP137). The header is read loosely, since
 * devices disagree on the kind of address that it names; the key is known to whoever verifies.
 * @returns r and s, 64 bytes. @throws BitcoinError `message_signature_malformed`.
 */
export function parseDeviceSignature(text: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = base64.decode(text.trim());
  } catch {
    throw malformed('it is not base 64');
  }
  const header = bytes[0] ?? 0;
  if (bytes.length !== SIGNATURE_BYTES) throw malformed('it has not 65 bytes');
  if (header < FIRST_HEADER || header > LAST_HEADER)
    throw malformed('its first byte names no compressed key');
  return bytes.slice(1);
}

/**
 * Returns only when this key signed this text as a “Bitcoin Signed Message”. @param signature r and s.
 * @throws BitcoinError `message_signature_invalid`.
 */
export function verifyDeviceMessage(publicKey: Uint8Array, message: string, signature: Uint8Array): void {
  if (verifyDigest(deviceMessageDigest(message), publicKey, signature)) return;
  throw new BitcoinError('message_signature_invalid', 'The signature is not of this key over this message.');
}
