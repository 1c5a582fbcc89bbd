// Reads and writes the bytes of docs/ledger-format.md as that document alone describes them. Nothing is imported
// from the product, so that a mistake there cannot hide here.
import { createHash } from 'node:crypto';

/** Every field of a record, as it stands in its 128 bytes. Ids are numbers, first byte highest. */
export interface RawRecord {
  id: bigint;
  pendingId: bigint;
  debit: bigint;
  credit: bigint;
  amount: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  /** The four bytes at 108: a timeout, or account flags to set (low half) and to clear (high half). */
  timeout: number;
  asset: number;
  code: number;
  flags: number;
  kind: number;
  marks: number;
  outcome: number;
  result: number;
}

export const EMPTY_RECORD: RawRecord = {
  id: 0n,
  pendingId: 0n,
  debit: 0n,
  credit: 0n,
  amount: 0n,
  userData128: 0n,
  userData64: 0n,
  userData32: 0,
  timeout: 0,
  asset: 0,
  code: 0,
  flags: 0,
  kind: 0,
  marks: 0,
  outcome: 0,
  result: 0,
};

function readBigEndian(bytes: Uint8Array, at: number, length: number): bigint {
  let value = 0n;
  for (let i = 0; i < length; i++) value = value * 256n + BigInt(bytes[at + i]!);
  return value;
}

function readLittleEndian(bytes: Uint8Array, at: number, length: number): bigint {
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[at + i]!);
  return value;
}

function writeBigEndian(bytes: Uint8Array, at: number, length: number, value: bigint): void {
  writeLittleEndian(bytes, at, length, value);
  bytes.subarray(at, at + length).reverse();
}

/** Throws for a number that outgrows its field: cut to fit, it would be another than the one that was meant. */
function writeLittleEndian(bytes: Uint8Array, at: number, length: number, value: bigint | number): void {
  let rest = BigInt(value);
  for (let i = 0; i < length; i++, rest /= 256n) bytes[at + i] = Number(rest % 256n);
  if (rest !== 0n || value < 0) throw new Error(`${value} does not fit into ${length} bytes`);
}

export function readRawRecord(bytes: Uint8Array, at: number): RawRecord {
  const small = (offset: number, length: number): number =>
    Number(readLittleEndian(bytes, at + offset, length));
  if (small(123, 1) !== 0 || small(126, 2) !== 0) throw new Error(`reserved bytes in the record at ${at}`);
  return {
    id: readBigEndian(bytes, at, 16),
    pendingId: readBigEndian(bytes, at + 16, 16),
    debit: readBigEndian(bytes, at + 32, 16),
    credit: readBigEndian(bytes, at + 48, 16),
    amount: readLittleEndian(bytes, at + 64, 16),
    userData128: readLittleEndian(bytes, at + 80, 16),
    userData64: readLittleEndian(bytes, at + 96, 8),
    userData32: small(104, 4),
    timeout: small(108, 4),
    asset: small(112, 4),
    code: small(116, 2),
    flags: small(118, 2),
    kind: small(120, 1),
    marks: small(121, 1),
    outcome: small(122, 1),
    result: small(124, 2),
  };
}

export function writeRawRecord(record: RawRecord, bytes: Uint8Array, at: number): void {
  writeBigEndian(bytes, at, 16, record.id);
  writeBigEndian(bytes, at + 16, 16, record.pendingId);
  writeBigEndian(bytes, at + 32, 16, record.debit);
  writeBigEndian(bytes, at + 48, 16, record.credit);
  writeLittleEndian(bytes, at + 64, 16, record.amount);
  writeLittleEndian(bytes, at + 80, 16, record.userData128);
  writeLittleEndian(bytes, at + 96, 8, record.userData64);
  writeLittleEndian(bytes, at + 104, 4, record.userData32);
  writeLittleEndian(bytes, at + 108, 4, record.timeout);
  writeLittleEndian(bytes, at + 112, 4, record.asset);
  writeLittleEndian(bytes, at + 116, 2, record.code);
  writeLittleEndian(bytes, at + 118, 2, record.flags);
  writeLittleEndian(bytes, at + 120, 1, record.kind);
  writeLittleEndian(bytes, at + 121, 1, record.marks);
  writeLittleEndian(bytes, at + 122, 1, record.outcome);
  writeLittleEndian(bytes, at + 123, 1, 0);
  writeLittleEndian(bytes, at + 124, 2, record.result);
  writeLittleEndian(bytes, at + 126, 2, 0);
}

export interface RawBatch {
  partition: number;
  epoch: bigint;
  sequence: bigint;
  timeMs: bigint;
  position: bigint;
  previousHash: string;
  hash: string;
  records: RawRecord[];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Reads a whole batch, header and records in one piece, and verifies every rule of the document about it. */
export function readRawBatch(bytes: Uint8Array): RawBatch {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== 'TLBT') throw new Error(`magic is ${magic}`);
  if (readLittleEndian(bytes, 4, 2) !== 1n) throw new Error('version');
  if (readLittleEndian(bytes, 6, 2) !== 0n || readLittleEndian(bytes, 48, 16) !== 0n)
    throw new Error('reserved');
  const count = Number(readLittleEndian(bytes, 12, 4));
  if (count < 1 || count > 8190 || bytes.length !== 128 + count * 128) throw new Error('count');
  const covered = new Uint8Array(96 + count * 128);
  covered.set(bytes.subarray(0, 96));
  covered.set(bytes.subarray(128), 96);
  const hash = createHash('sha256').update(covered).digest('hex');
  if (hash !== hex(bytes.subarray(96, 128))) throw new Error('hash');
  return {
    partition: Number(readLittleEndian(bytes, 8, 4)),
    epoch: readLittleEndian(bytes, 16, 8),
    sequence: readLittleEndian(bytes, 24, 8),
    timeMs: readLittleEndian(bytes, 32, 8),
    position: readLittleEndian(bytes, 40, 8),
    previousHash: hex(bytes.subarray(64, 96)),
    hash,
    records: Array.from({ length: count }, (_, index) => readRawRecord(bytes, 128 + index * 128)),
  };
}

export interface RawCheckpoint {
  partition: number;
  epoch: bigint;
  sequence: bigint;
  timeMs: bigint;
  position: bigint;
  batchHash: string;
  usedIdsBeforeMs: bigint;
  forgottenIdsBeforeMs: bigint;
  forgottenSequence: bigint;
  stateHash: string;
  hash: string;
  accounts: RawAccount[];
  holds: RawHold[];
}

export interface RawAccount {
  id: bigint;
  debitsPosted: bigint;
  creditsPosted: bigint;
  debitsPending: bigint;
  creditsPending: bigint;
  userData128: bigint;
  userData64: bigint;
  userData32: number;
  asset: number;
  code: number;
  flags: number;
  createdFlags: number;
  createdAtMs: bigint;
}

export interface RawHold {
  id: bigint;
  debit: bigint;
  credit: bigint;
  amount: bigint;
  expiresAtMs: bigint;
  position: bigint;
  resolvedAt: bigint;
  code: number;
  state: number;
  timeout: number;
}

export function readRawAccount(bytes: Uint8Array, at: number): RawAccount {
  if (readLittleEndian(bytes, at + 118, 2) !== 0n) throw new Error('reserved');
  return {
    id: readBigEndian(bytes, at, 16),
    debitsPosted: readLittleEndian(bytes, at + 16, 16),
    creditsPosted: readLittleEndian(bytes, at + 32, 16),
    debitsPending: readLittleEndian(bytes, at + 48, 16),
    creditsPending: readLittleEndian(bytes, at + 64, 16),
    userData128: readLittleEndian(bytes, at + 80, 16),
    userData64: readLittleEndian(bytes, at + 96, 8),
    userData32: Number(readLittleEndian(bytes, at + 104, 4)),
    asset: Number(readLittleEndian(bytes, at + 108, 4)),
    code: Number(readLittleEndian(bytes, at + 112, 2)),
    flags: Number(readLittleEndian(bytes, at + 114, 2)),
    createdFlags: Number(readLittleEndian(bytes, at + 116, 2)),
    createdAtMs: readLittleEndian(bytes, at + 120, 8),
  };
}

function readRawHold(bytes: Uint8Array, at: number): RawHold {
  if (bytes[at + 91] !== 0) throw new Error('reserved');
  return {
    id: readBigEndian(bytes, at, 16),
    debit: readBigEndian(bytes, at + 16, 16),
    credit: readBigEndian(bytes, at + 32, 16),
    amount: readLittleEndian(bytes, at + 48, 16),
    expiresAtMs: readLittleEndian(bytes, at + 64, 8),
    position: readLittleEndian(bytes, at + 72, 8),
    resolvedAt: readLittleEndian(bytes, at + 80, 8),
    code: Number(readLittleEndian(bytes, at + 88, 2)),
    state: Number(readLittleEndian(bytes, at + 90, 1)),
    timeout: Number(readLittleEndian(bytes, at + 92, 4)),
  };
}

/** Reads a whole checkpoint and verifies lengths, reserved bytes and both hashes. */
export function readRawCheckpoint(bytes: Uint8Array): RawCheckpoint {
  const magic = String.fromCharCode(...bytes.subarray(0, 4));
  if (magic !== 'TLCP') throw new Error(`magic is ${magic}`);
  if (readLittleEndian(bytes, 4, 2) !== 1n) throw new Error('version');
  const reserved =
    readLittleEndian(bytes, 6, 2) + readLittleEndian(bytes, 12, 4) + readLittleEndian(bytes, 120, 8);
  if (reserved !== 0n) throw new Error('reserved');
  const accountCount = Number(readLittleEndian(bytes, 48, 8));
  const holdCount = Number(readLittleEndian(bytes, 56, 8));
  const holdsAt = 192 + accountCount * 128;
  if (bytes.length !== holdsAt + holdCount * 96) throw new Error('length');
  const stateHash = createHash('sha256').update(bytes.subarray(192)).digest('hex');
  if (stateHash !== hex(bytes.subarray(128, 160))) throw new Error('state hash');
  const hash = createHash('sha256').update(bytes.subarray(0, 160)).digest('hex');
  if (hash !== hex(bytes.subarray(160, 192))) throw new Error('hash');
  return {
    partition: Number(readLittleEndian(bytes, 8, 4)),
    epoch: readLittleEndian(bytes, 16, 8),
    sequence: readLittleEndian(bytes, 24, 8),
    timeMs: readLittleEndian(bytes, 32, 8),
    position: readLittleEndian(bytes, 40, 8),
    batchHash: hex(bytes.subarray(64, 96)),
    usedIdsBeforeMs: readLittleEndian(bytes, 96, 8),
    forgottenIdsBeforeMs: readLittleEndian(bytes, 104, 8),
    forgottenSequence: readLittleEndian(bytes, 112, 8),
    stateHash,
    hash,
    accounts: Array.from({ length: accountCount }, (_, i) => readRawAccount(bytes, 192 + i * 128)),
    holds: Array.from({ length: holdCount }, (_, i) => readRawHold(bytes, holdsAt + i * 96)),
  };
}
