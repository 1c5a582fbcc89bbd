import type { Transaction } from 'bitcoinjs-lib';
import { base64 } from '@scure/base';
import { BitcoinError } from '../errors.ts';
import { ByteReader } from '../transactions/byte-reader.ts';
import { ByteWriter } from '../transactions/byte-writer.ts';
import { parseTransaction } from '../transactions/transaction-codec.ts';

/** A BIP322 signature as it was written: only a witness, or the whole `to_sign` transaction. */
export type MessageSignature =
  | { readonly form: 'simple'; readonly witness: readonly Uint8Array[] }
  | { readonly form: 'full'; readonly toSign: Transaction };

/** Sixteen signatures and a script of sixteen keys make under 3 kB. */
const MAX_SIGNATURE_LENGTH = 16_384;

const SIMPLE_PREFIX = 'smp';
const FULL_PREFIX = 'ful';
const PROOF_OF_FUNDS_PREFIX = 'pof';

function malformed(reason: string): never {
  throw new BitcoinError('message_signature_malformed', `This is not a BIP322 signature: ${reason}.`, {
    details: { reason },
  });
}

function decodeBase64(text: string): Uint8Array {
  try {
    return base64.decode(text);
  } catch {
    return malformed('it is not base64');
  }
}

function readWitness(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes, malformed);
  const items = reader.compactSize();
  if (items > reader.remaining) malformed('there are fewer witness items than it says');
  const witness = Array.from({ length: items }, () => reader.prefixed());
  if (reader.remaining > 0) malformed('bytes follow its end');
  return witness;
}

function readTransaction(bytes: Uint8Array): Transaction {
  try {
    return parseTransaction(bytes);
  } catch (cause) {
    if (cause instanceof BitcoinError) return malformed('it holds no valid transaction');
    throw cause;
  }
}

/**
 * Reads the simple (`smp`) and full (`ful`) forms; without a prefix the simple form is assumed, as BIP322 allows
 * for signatures made before it was final. @throws BitcoinError `message_signature_malformed`,
 * `message_signature_unsupported` for proofs of funds.
 */
export function parseMessageSignature(text: string): MessageSignature {
  if (text.length > MAX_SIGNATURE_LENGTH) malformed('it is too long');
  if (text === '') malformed('it is empty');
  if (text.startsWith(PROOF_OF_FUNDS_PREFIX)) {
    throw new BitcoinError('message_signature_unsupported', 'Proofs of funds are not supported.', {
      details: { form: 'proof_of_funds' },
    });
  }
  if (text.startsWith(FULL_PREFIX)) {
    return { form: 'full', toSign: readTransaction(decodeBase64(text.slice(FULL_PREFIX.length))) };
  }
  const body = text.startsWith(SIMPLE_PREFIX) ? text.slice(SIMPLE_PREFIX.length) : text;
  return { form: 'simple', witness: readWitness(decodeBase64(body)) };
}

/** Writes a witness in the simple form. */
export function formatSimpleSignature(witness: readonly Uint8Array[]): string {
  const writer = new ByteWriter().compactSize(witness.length);
  for (const item of witness) writer.prefixed(item);
  return SIMPLE_PREFIX + base64.encode(writer.finish());
}
