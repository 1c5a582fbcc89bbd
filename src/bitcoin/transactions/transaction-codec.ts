import { crypto, Transaction } from 'bitcoinjs-lib';
import { MAX_MONEY } from '../../shared/index.ts';
import { BitcoinError } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { bytesToHex } from '@noble/hashes/utils.js';

/** A block holds 4,000,000 weight units, so no transaction on the network is longer than this (BIP141). */
export const MAX_TRANSACTION_BYTES = 4_000_000;

function malformed(reason: string): never {
  throw new BitcoinError('transaction_malformed', `This is not a valid transaction: ${reason}.`, {
    details: { reason },
  });
}

function readBody(reader: ByteReader, transaction: Transaction): void {
  const inputs = reader.compactSize();
  // Each input takes at least 41 bytes: a count that cannot be true is refused before anything is allocated.
  if (inputs * 41 > reader.remaining) malformed('there are fewer inputs than it says');
  for (let i = 0; i < inputs; i++) {
    const hash = reader.bytes(32);
    const index = reader.uint32();
    const script = reader.prefixed();
    transaction.ins.push({ hash, index, script, sequence: reader.uint32(), witness: [] });
  }
  const outputs = reader.compactSize();
  if (outputs * 9 > reader.remaining) malformed('there are fewer outputs than it says');
  for (let i = 0; i < outputs; i++) {
    const value = reader.int64();
    if (value < 0n || value > MAX_MONEY) malformed('an output is not between 0 and 21 million bitcoin');
    transaction.outs.push({ value, script: reader.prefixed() });
  }
}

function readWitness(reader: ByteReader): Uint8Array[] {
  const items = reader.compactSize();
  if (items > reader.remaining) malformed('there are fewer witness items than it says');
  return Array.from({ length: items }, () => reader.prefixed());
}

/**
 * Reads one network-serialised transaction (BIP144 when it has witnesses), to the last byte, in its one
 * canonical form. Fields are views of `bytes`. @throws BitcoinError `transaction_malformed`.
 */
export function parseTransaction(bytes: Uint8Array): Transaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) malformed('it is larger than a block');
  const reader = new ByteReader(bytes, malformed);
  const transaction = new Transaction();
  transaction.version = reader.uint32();
  const segwit = bytes[4] === 0 && bytes[5] === 1;
  if (segwit) reader.bytes(2);
  readBody(reader, transaction);
  if (transaction.ins.length === 0) malformed('it has no inputs');
  if (segwit) {
    for (const input of transaction.ins) input.witness = readWitness(reader);
    if (!transaction.hasWitnesses()) malformed('it announces witnesses and has none');
  }
  transaction.locktime = reader.uint32();
  if (reader.remaining > 0) malformed('bytes follow its end');
  return transaction;
}

/**
 * Reads the unsigned transaction of a PSBT: never in witness form, so one without inputs is not mistaken for
 * one with witnesses. @throws BitcoinError `transaction_malformed`.
 */
export function parseUnsignedTransaction(bytes: Uint8Array): Transaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) malformed('it is larger than a block');
  const reader = new ByteReader(bytes, malformed);
  const transaction = new Transaction();
  transaction.version = reader.uint32();
  readBody(reader, transaction);
  transaction.locktime = reader.uint32();
  if (reader.remaining > 0) malformed('bytes follow its end');
  return transaction;
}

/** Without witnesses: what a txid is the hash of, and the form inside a PSBT. */
export function serializeWithoutWitness(transaction: Transaction): Uint8Array {
  const writer = new ByteWriter(transaction.ins.length * 41 + transaction.outs.length * 43 + 16);
  writer.uint32(transaction.version).compactSize(transaction.ins.length);
  for (const input of transaction.ins) {
    writer.bytes(input.hash).uint32(input.index).prefixed(input.script).uint32(input.sequence);
  }
  writer.compactSize(transaction.outs.length);
  for (const output of transaction.outs) writer.int64(output.value).prefixed(output.script);
  return writer.uint32(transaction.locktime).finish();
}

/** The 32 hash bytes in the order in which inputs name a transaction (not the order people read). */
export function transactionHash(transaction: Transaction): Uint8Array {
  return crypto.hash256(serializeWithoutWitness(transaction));
}

/** A hash as people read it: bytes reversed, hex. */
export function hashToTxid(hash: Uint8Array): string {
  return bytesToHex(Uint8Array.from(hash).reverse());
}

/** `txid:vout`, the name of a coin. */
export function outpointOf(input: { readonly hash: Uint8Array; readonly index: number }): string {
  return `${hashToTxid(input.hash)}:${input.index}`;
}

/** The network form: with witnesses when there are any (BIP144). */
export function serializeTransaction(transaction: Transaction): Uint8Array {
  return transaction.toBuffer();
}

export function transactionId(transaction: Transaction): string {
  return hashToTxid(transactionHash(transaction));
}
