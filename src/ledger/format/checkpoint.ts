import { createHash } from 'node:crypto';
import { readSafeUint64, viewOf, writeSafeUint64 } from './bytes.ts';
import { LedgerFormatError } from './errors.ts';

/** A checkpoint is this header, then accounts of 128 bytes, then holds of 96. See docs/ledger-format.md. */
export const CHECKPOINT_HEADER_BYTES = 192;
export const CHECKPOINT_ACCOUNT_BYTES = 128;
export const CHECKPOINT_HOLD_BYTES = 96;
const CHECKPOINT_VERSION = 1;

/** `TLCP` read as bytes. */
const MAGIC = 0x50434c54;

const AT = {
  magic: 0,
  version: 4,
  reserved16: 6,
  partition: 8,
  reserved32: 12,
  epoch: 16,
  sequence: 24,
  timeMs: 32,
  position: 40,
  accounts: 48,
  holds: 56,
  batchHash: 64,
  usedIdsBeforeMs: 96,
  forgottenIdsBeforeMs: 104,
  forgottenSequence: 112,
  reserved64: 120,
  stateHash: 128,
  hash: 160,
} as const;

/** Where in the log a checkpoint stands, known to whoever commits batches. */
export interface CheckpointPlace {
  readonly partition: number;
  readonly epoch: number;
  /** Hash of the last batch applied. */
  readonly batchHash: Uint8Array;
}

export interface CheckpointHeader extends CheckpointPlace {
  readonly sequence: number;
  readonly timeMs: number;
  readonly position: number;
  readonly accounts: number;
  readonly holds: number;
  /** No id with this time or a later one was used yet. */
  readonly usedIdsBeforeMs: number;
  /** The engine that made the checkpoint had forgotten no id with this time or a later one. */
  readonly forgottenIdsBeforeMs: number;
  /** Sequence of the newest batch of which it had forgotten ids. */
  readonly forgottenSequence: number;
}

/** SHA-256 over accounts and holds: equal for equal books, however they came about. */
export function stateHashOf(content: Uint8Array): Uint8Array {
  return createHash('sha256').update(content).digest();
}

/** Writes header and hashes before the content, which already stands behind the header's 192 bytes. */
export function sealCheckpoint(header: CheckpointHeader, bytes: Uint8Array): void {
  const view = viewOf(bytes);
  bytes.fill(0, 0, CHECKPOINT_HEADER_BYTES);
  view.setUint32(AT.magic, MAGIC, true);
  view.setUint16(AT.version, CHECKPOINT_VERSION, true);
  view.setUint32(AT.partition, header.partition, true);
  writeSafeUint64(view, AT.epoch, header.epoch);
  writeSafeUint64(view, AT.sequence, header.sequence);
  writeSafeUint64(view, AT.timeMs, header.timeMs);
  writeSafeUint64(view, AT.position, header.position);
  writeSafeUint64(view, AT.accounts, header.accounts);
  writeSafeUint64(view, AT.holds, header.holds);
  bytes.set(header.batchHash, AT.batchHash);
  writeSafeUint64(view, AT.usedIdsBeforeMs, header.usedIdsBeforeMs);
  writeSafeUint64(view, AT.forgottenIdsBeforeMs, header.forgottenIdsBeforeMs);
  writeSafeUint64(view, AT.forgottenSequence, header.forgottenSequence);
  bytes.set(stateHashOf(bytes.subarray(CHECKPOINT_HEADER_BYTES)), AT.stateHash);
  bytes.set(createHash('sha256').update(bytes.subarray(0, AT.hash)).digest(), AT.hash);
}

/** The hash of a whole checkpoint: over its header, which holds the hash of its content. */
export function checkpointHash(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(AT.hash, CHECKPOINT_HEADER_BYTES);
}

/** The hash of accounts and holds alone. */
export function checkpointStateHash(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(AT.stateHash, AT.hash);
}

/**
 * Reads a checkpoint's header and verifies form, length and both hashes.
 * @throws LedgerFormatError `checkpoint_malformed`, `checkpoint_hash_wrong`.
 */
export function openCheckpoint(bytes: Uint8Array): CheckpointHeader {
  const refuse = (reason: string): never => {
    throw new LedgerFormatError('checkpoint_malformed', 'These bytes are not a ledger checkpoint.', {
      details: { reason },
    });
  };
  if (bytes.byteLength < CHECKPOINT_HEADER_BYTES) refuse('length');
  const view = viewOf(bytes);
  if (view.getUint32(AT.magic, true) !== MAGIC) refuse('magic');
  if (view.getUint16(AT.version, true) !== CHECKPOINT_VERSION) refuse('version');
  const reserved = view.getUint16(AT.reserved16, true) | view.getUint32(AT.reserved32, true);
  if (reserved !== 0 || view.getBigUint64(AT.reserved64, true) !== 0n) refuse('reserved');
  const accounts = readSafeUint64(view, AT.accounts);
  const holds = readSafeUint64(view, AT.holds);
  const content = accounts * CHECKPOINT_ACCOUNT_BYTES + holds * CHECKPOINT_HOLD_BYTES;
  if (content !== bytes.byteLength - CHECKPOINT_HEADER_BYTES) refuse('counts');
  const hash = createHash('sha256').update(bytes.subarray(0, AT.hash)).digest();
  const stateHash = stateHashOf(bytes.subarray(CHECKPOINT_HEADER_BYTES));
  if (
    Buffer.compare(hash, checkpointHash(bytes)) !== 0 ||
    Buffer.compare(stateHash, checkpointStateHash(bytes)) !== 0
  ) {
    throw new LedgerFormatError(
      'checkpoint_hash_wrong',
      'The ledger checkpoint was altered: its hash is wrong.',
    );
  }
  return {
    partition: view.getUint32(AT.partition, true),
    epoch: readSafeUint64(view, AT.epoch),
    sequence: readSafeUint64(view, AT.sequence),
    timeMs: readSafeUint64(view, AT.timeMs),
    position: readSafeUint64(view, AT.position),
    accounts,
    holds,
    batchHash: new Uint8Array(bytes.subarray(AT.batchHash, AT.usedIdsBeforeMs)),
    usedIdsBeforeMs: readSafeUint64(view, AT.usedIdsBeforeMs),
    forgottenIdsBeforeMs: readSafeUint64(view, AT.forgottenIdsBeforeMs),
    forgottenSequence: readSafeUint64(view, AT.forgottenSequence),
  };
}
