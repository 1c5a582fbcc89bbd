import { Transaction } from 'bitcoinjs-lib';
import { concatBytes, taggedHash } from '../bytes.ts';
import { BitcoinError } from '../errors.ts';
import { bytesEqual } from '../transactions/byte-order.ts';
import { transactionHash } from '../transactions/transaction-codec.ts';

/** Nobody reads more before signing; it bounds what a verifier hashes for a stranger. */
const MAX_MESSAGE_BYTES = 65_536;

const NO_TRANSACTION = new Uint8Array(32);
const OP_RETURN = Uint8Array.of(0x6a);
const OP_0_PUSH_32 = Uint8Array.of(0x00, 0x20);

/** The tagged hash of a message's UTF-8 bytes. @throws BitcoinError `message_too_long`, `message_malformed`. */
export function messageHash(message: string): Uint8Array {
  if (!message.isWellFormed()) {
    throw new BitcoinError('message_malformed', 'The message is not valid Unicode text.');
  }
  const bytes = new TextEncoder().encode(message);
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw new BitcoinError('message_too_long', 'The message is too long to be signed.', {
      details: { bytes: bytes.length, limit: MAX_MESSAGE_BYTES },
    });
  }
  return taggedHash('BIP0322-signed-message', bytes);
}

/** BIP322's `to_spend`: it can be in no block, since the coin that it spends cannot exist. */
export function toSpend(message: string, scriptPubKey: Uint8Array): Transaction {
  const transaction = new Transaction();
  transaction.version = 0;
  transaction.addInput(NO_TRANSACTION, 0xffff_ffff, 0, concatBytes(OP_0_PUSH_32, messageHash(message)));
  transaction.addOutput(scriptPubKey, 0n);
  return transaction;
}

/** BIP322's `to_sign` in its simple form, without its witness. */
export function toSign(message: string, scriptPubKey: Uint8Array): Transaction {
  const transaction = new Transaction();
  transaction.version = 0;
  transaction.addInput(transactionHash(toSpend(message, scriptPubKey)), 0, 0);
  transaction.addOutput(OP_RETURN, 0n);
  return transaction;
}

/** Whether a foreign `to_sign` proves the message and nothing else: one input, one output, as BIP322 sets them. */
export function isToSign(candidate: Transaction, message: string, scriptPubKey: Uint8Array): boolean {
  const expected = toSign(message, scriptPubKey);
  expected.version = candidate.version;
  expected.locktime = candidate.locktime;
  const [input] = expected.ins;
  const [given] = candidate.ins;
  if (input === undefined || given === undefined) return false;
  input.sequence = given.sequence;
  return bytesEqual(transactionHash(expected), transactionHash(candidate));
}
