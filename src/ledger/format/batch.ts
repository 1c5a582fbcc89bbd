import { createHash } from 'node:crypto';
import { readSafeUint64, viewOf, writeSafeUint64 } from './bytes.ts';
import { LedgerFormatError } from './errors.ts';
import { MAX_BATCH_RECORDS, RECORD_BYTES } from './record-layout.ts';

/** A batch is this header, then its records. The layout is specified in docs/ledger-format.md. */
export const BATCH_HEADER_BYTES = 128;
export const FORMAT_VERSION = 1;
export const HASH_BYTES = 32;

/** `TLBT` read as bytes. */
const MAGIC = 0x54424c54;

const AT = {
  magic: 0,
  version: 4,
  reserved16: 6,
  partition: 8,
  count: 12,
  epoch: 16,
  sequence: 24,
  timeMs: 32,
  position: 40,
  reserved128: 48,
  previousHash: 64,
  hash: 96,
} as const;

export interface BatchHeader {
  readonly partition: number;
  /** The leader's fencing number. */
  readonly epoch: number;
  /** 1 for the first batch of a partition, then without gaps. */
  readonly sequence: number;
  /** The logged time: never smaller than the batch before. Milliseconds since the epoch. */
  readonly timeMs: number;
  /** How many records the partition's log holds before this batch. */
  readonly position: number;
  readonly count: number;
  /** 32 bytes; zeros before the first batch. */
  readonly previousHash: Uint8Array;
}

export interface Batch extends BatchHeader {
  readonly hash: Uint8Array;
  /** A view into the batch's bytes. */
  readonly records: Uint8Array;
}

/** What stands in place of a previous hash before the first batch. */
export const GENESIS_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

function writeHeader(header: BatchHeader): Uint8Array {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(AT.magic, MAGIC, true);
  view.setUint16(AT.version, FORMAT_VERSION, true);
  view.setUint32(AT.partition, header.partition, true);
  view.setUint32(AT.count, header.count, true);
  writeSafeUint64(view, AT.epoch, header.epoch);
  writeSafeUint64(view, AT.sequence, header.sequence);
  writeSafeUint64(view, AT.timeMs, header.timeMs);
  writeSafeUint64(view, AT.position, header.position);
  bytes.set(header.previousHash, AT.previousHash);
  return bytes;
}

/**
 * The header's 128 bytes for these records, hash included: SHA-256 over the header without its hash (96
 * bytes) and then the records. `records` is `header.count` times 128 bytes, results already in place.
 * @throws LedgerFormatError `batch_malformed` when count and records disagree or exceed 8,190.
 */
export function sealBatch(header: BatchHeader, records: Uint8Array): Uint8Array {
  checkCount(header.count, records.byteLength);
  const bytes = writeHeader(header);
  bytes.set(hashOf(bytes, records), AT.hash);
  return bytes;
}

function hashOf(header: Uint8Array, records: Uint8Array): Uint8Array {
  return createHash('sha256').update(header.subarray(0, AT.hash)).update(records).digest();
}

function checkCount(count: number, recordBytes: number): void {
  if (
    !Number.isInteger(count) ||
    count < 1 ||
    count > MAX_BATCH_RECORDS ||
    count * RECORD_BYTES !== recordBytes
  ) {
    throw new LedgerFormatError('batch_malformed', 'The ledger batch does not have the length it states.', {
      details: { count, recordBytes, reason: 'count' },
    });
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The hash field of a sealed header. */
export function batchHash(header: Uint8Array): Uint8Array {
  return header.subarray(AT.hash, AT.hash + HASH_BYTES);
}

/**
 * Reads and verifies one batch: form, reserved bytes and hash; not its place in a chain.
 * @throws LedgerFormatError `batch_malformed`, `batch_hash_wrong`.
 */
export function openBatch(header: Uint8Array, records: Uint8Array): Batch {
  const refuse = (reason: string): never => {
    throw new LedgerFormatError('batch_malformed', 'These bytes are not a ledger batch.', {
      details: { reason },
    });
  };
  if (header.byteLength !== BATCH_HEADER_BYTES) refuse('header length');
  const view = viewOf(header);
  if (view.getUint32(AT.magic, true) !== MAGIC) refuse('magic');
  if (view.getUint16(AT.version, true) !== FORMAT_VERSION) refuse('version');
  if (view.getUint16(AT.reserved16, true) !== 0) refuse('reserved');
  if (!isZero(header.subarray(AT.reserved128, AT.previousHash))) refuse('reserved');
  const count = view.getUint32(AT.count, true);
  checkCount(count, records.byteLength);
  if (Buffer.compare(hashOf(header, records), batchHash(header)) !== 0) {
    throw new LedgerFormatError('batch_hash_wrong', 'The ledger batch was altered: its hash is wrong.', {
      details: { sequence: readSafeUint64(view, AT.sequence) },
    });
  }
  return {
    partition: view.getUint32(AT.partition, true),
    epoch: readSafeUint64(view, AT.epoch),
    sequence: readSafeUint64(view, AT.sequence),
    timeMs: readSafeUint64(view, AT.timeMs),
    position: readSafeUint64(view, AT.position),
    count,
    previousHash: header.subarray(AT.previousHash, AT.previousHash + HASH_BYTES),
    hash: batchHash(header),
    records,
  };
}
