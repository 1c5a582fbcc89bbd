import { LedgerFormatError } from './errors.ts';

/** Ids are 16 bytes in the order of RFC 9562; in code they are the number those bytes spell, big end first. */
export type LedgerId = bigint;

export const MAX_UINT128 = (1n << 128n) - 1n;
const MASK_64 = (1n << 64n) - 1n;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** @throws LedgerFormatError `value_out_of_range` unless `value` is a whole number of at most `bits` bits. */
export function checkUint(value: bigint | number, bits: number, field: string): void {
  const inRange =
    typeof value === 'bigint'
      ? value >= 0n && value >> BigInt(bits) === 0n
      : Number.isSafeInteger(value) && value >= 0 && value < 2 ** bits;
  if (!inRange) {
    throw new LedgerFormatError('value_out_of_range', `The ledger field ${field} is out of range.`, {
      details: { field, value: value.toString(), bits },
    });
  }
}

export function readId(view: DataView, offset: number): LedgerId {
  return (view.getBigUint64(offset, false) << 64n) | view.getBigUint64(offset + 8, false);
}

export function writeId(view: DataView, offset: number, id: LedgerId): void {
  view.setBigUint64(offset, id >> 64n, false);
  view.setBigUint64(offset + 8, id & MASK_64, false);
}

/** Amounts and 128-bit user data: little-endian, low half first. */
export function readUint128(view: DataView, offset: number): bigint {
  return view.getBigUint64(offset, true) | (view.getBigUint64(offset + 8, true) << 64n);
}

export function writeUint128(view: DataView, offset: number, value: bigint): void {
  view.setBigUint64(offset, value & MASK_64, true);
  view.setBigUint64(offset + 8, value >> 64n, true);
}

/** A 64-bit counter or time that is known to stay below 2^53. */
export function readSafeUint64(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

export function writeSafeUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
}

export function idFromBytes(bytes: Uint8Array): LedgerId {
  if (bytes.byteLength !== 16) {
    throw new LedgerFormatError('value_out_of_range', 'A ledger id is 16 bytes.', {
      details: { bytes: bytes.byteLength },
    });
  }
  return readId(viewOf(bytes), 0);
}

export function idToBytes(id: LedgerId): Uint8Array {
  checkUint(id, 128, 'id');
  const bytes = new Uint8Array(16);
  writeId(viewOf(bytes), 0, id);
  return bytes;
}

/** The millisecond a UUIDv7 was made (RFC 9562 section 5.7). */
export function idTimeMs(id: LedgerId): number {
  return Number(id >> 80n);
}
