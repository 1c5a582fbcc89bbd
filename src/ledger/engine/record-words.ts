import { endianness } from 'node:os';
import { RECORD_BYTES } from '../format/index.ts';
import { LedgerEngineError } from './errors.ts';

// The engine reads records as 32-bit words in the machine's own order, which must be the format's.
if (endianness() !== 'LE') {
  throw new LedgerEngineError('engine_batch_malformed', 'The ledger runs on little-endian machines only.');
}

export const RECORD_WORDS = RECORD_BYTES / 4;

/** Word offsets within a record; see docs/ledger-format.md. */
export const WORD = {
  id: 0,
  pendingId: 4,
  debit: 8,
  credit: 12,
  amount: 16,
  userData128: 20,
  userData64: 24,
  userData32: 26,
  timeout: 27,
  asset: 28,
  /** code in the low half, flags in the high half. */
  codeFlags: 29,
  /** kind, marks, outcome, reserved, from the lowest byte up. */
  state: 30,
  /** result in the low half, reserved in the high half. */
  result: 31,
} as const;

/**
 * The records as words, without copying.
 * @throws LedgerEngineError `engine_batch_malformed` when they are not whole records or not 4-byte aligned.
 */
export function wordsOf(records: Uint8Array): Uint32Array {
  if (records.byteLength % RECORD_BYTES !== 0 || records.byteOffset % 4 !== 0) {
    throw new LedgerEngineError(
      'engine_batch_malformed',
      'A batch is whole records, aligned to four bytes.',
      {
        details: { byteLength: records.byteLength, byteOffset: records.byteOffset },
      },
    );
  }
  return new Uint32Array(records.buffer, records.byteOffset, records.byteLength / 4);
}

/** Any bytes as words, copied when they are not aligned; for reading only. */
export function alignedWordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}

export function isZeroId(words: Uint32Array, at: number): boolean {
  return (
    ((words[at] as number) |
      (words[at + 1] as number) |
      (words[at + 2] as number) |
      (words[at + 3] as number)) ===
    0
  );
}

/** Whether all 128 bits are set. */
export function isMaxId(words: Uint32Array, at: number): boolean {
  return (
    ((words[at] as number) &
      (words[at + 1] as number) &
      (words[at + 2] as number) &
      (words[at + 3] as number)) ===
    -1
  );
}

export function sameId(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): boolean {
  return (
    a[aAt] === b[bAt] && a[aAt + 1] === b[bAt + 1] && a[aAt + 2] === b[bAt + 2] && a[aAt + 3] === b[bAt + 3]
  );
}

export function copyId(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number): void {
  to[toAt] = from[fromAt] as number;
  to[toAt + 1] = from[fromAt + 1] as number;
  to[toAt + 2] = from[fromAt + 2] as number;
  to[toAt + 3] = from[fromAt + 3] as number;
}

/** Version 7, variant 10 (RFC 9562): byte 6 is `7x`, byte 8 is `10xxxxxx` in binary. */
export function isUuidV7(words: Uint32Array, at: number): boolean {
  return (
    ((words[at + 1] as number) & 0x00f00000) === 0x00700000 && ((words[at + 2] as number) & 0xc0) === 0x80
  );
}

function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

/** The millisecond in the first six bytes of a UUIDv7. */
export function uuidTimeMs(words: Uint32Array, at: number): number {
  const low = words[at + 1] as number;
  return swap32(words[at] as number) * 65536 + (((low & 0xff) << 8) | ((low >>> 8) & 0xff));
}
