import {
  checkUint,
  readId,
  readSafeUint64,
  readUint128,
  viewOf,
  writeId,
  writeSafeUint64,
  type LedgerId,
} from './bytes.ts';
import { LedgerFormatError } from './errors.ts';
import {
  HISTORY_QUERY_BYTES,
  ID_ITEM_BYTES,
  LOGGED_ITEM_BYTES,
  MAX_ERROR_BYTES,
  RESULT_ITEM_BYTES,
  STATUS_ITEM_BYTES,
} from './frame.ts';
import { decodeRecord, type LedgerRecord } from './record-codec.ts';
import {
  MAX_BATCH_RECORDS,
  OUTCOME_MASK,
  RECORD_BYTES,
  RECORD_OFFSET,
  type Outcome,
} from './record-layout.ts';

/** The answer for one submitted record. */
export interface ResultItem {
  readonly result: number;
  readonly outcome: Outcome;
  /** Place of this record in the partition's log. */
  readonly position: number;
  /** What moved, or was asked for when nothing moved. */
  readonly amount: bigint;
}

const OUTCOMES: readonly Outcome[] = ['none', 'applied', 'rejected', 'repeated', 'refused'];

/** Answers for `records`, which were applied as a batch whose first record of these stands at `position`. */
export function encodeResults(records: Uint8Array, position: number): Uint8Array {
  const count = records.byteLength / RECORD_BYTES;
  const items = new Uint8Array(count * RESULT_ITEM_BYTES);
  const view = viewOf(items);
  for (let index = 0; index < count; index++) {
    const record = index * RECORD_BYTES;
    const item = index * RESULT_ITEM_BYTES;
    items[item] = records[record + RECORD_OFFSET.result] ?? 0;
    items[item + 1] = records[record + RECORD_OFFSET.result + 1] ?? 0;
    items[item + 2] = records[record + RECORD_OFFSET.outcome] ?? 0;
    writeSafeUint64(view, item + 8, position + index);
    const amount = record + RECORD_OFFSET.amount;
    items.set(records.subarray(amount, amount + 16), item + 16);
  }
  return items;
}

export function decodeResults(items: Uint8Array): ResultItem[] {
  const view = viewOf(items);
  const results: ResultItem[] = [];
  for (let item = 0; item + RESULT_ITEM_BYTES <= items.byteLength; item += RESULT_ITEM_BYTES) {
    results.push({
      result: view.getUint16(item, true),
      outcome: OUTCOMES[view.getUint8(item + 2) & OUTCOME_MASK] ?? 'none',
      position: readSafeUint64(view, item + 8),
      amount: readUint128(view, item + 16),
    });
  }
  return results;
}

export function encodeIds(ids: readonly LedgerId[]): Uint8Array {
  const items = new Uint8Array(ids.length * ID_ITEM_BYTES);
  const view = viewOf(items);
  ids.forEach((id, index) => {
    checkUint(id, 128, 'id');
    writeId(view, index * ID_ITEM_BYTES, id);
  });
  return items;
}

export function decodeIds(items: Uint8Array): LedgerId[] {
  const view = viewOf(items);
  const ids: LedgerId[] = [];
  for (let item = 0; item + ID_ITEM_BYTES <= items.byteLength; item += ID_ITEM_BYTES) {
    ids.push(readId(view, item));
  }
  return ids;
}

/** A logged record with its place. */
export interface LoggedRecord {
  readonly record: LedgerRecord;
  readonly sequence: number;
  readonly position: number;
  readonly timeMs: number;
}

/** Writes one logged record as an item; `record` is its 128 bytes. An absent one is left all zero. */
export function encodeLoggedItem(
  into: Uint8Array,
  offset: number,
  record: Uint8Array,
  place: Omit<LoggedRecord, 'record'>,
): void {
  into.set(record, offset);
  const view = viewOf(into);
  writeSafeUint64(view, offset + 128, place.sequence);
  writeSafeUint64(view, offset + 136, place.position);
  writeSafeUint64(view, offset + 144, place.timeMs);
}

/** One entry per item, in order; undefined where the item says that there is no such record. */
export function decodeLoggedItems(items: Uint8Array): (LoggedRecord | undefined)[] {
  const view = viewOf(items);
  const records: (LoggedRecord | undefined)[] = [];
  for (let item = 0; item + LOGGED_ITEM_BYTES <= items.byteLength; item += LOGGED_ITEM_BYTES) {
    const sequence = readSafeUint64(view, item + 128);
    if (sequence === 0) {
      records.push(undefined);
      continue;
    }
    records.push({
      record: decodeRecord(items, item),
      sequence,
      position: readSafeUint64(view, item + 136),
      timeMs: readSafeUint64(view, item + 144),
    });
  }
  return records;
}

/** An account's records, a page at a time, in log order or the reverse. */
export interface HistoryQuery {
  readonly accountId: LedgerId;
  /** Only records of batches within these times, both included; 0 for no bound. */
  readonly fromTimeMs: number;
  readonly toTimeMs: number;
  /** Continue beyond this position, in the direction asked for; absent on the first page. */
  readonly afterPosition?: number;
  /** 1 to 8,190. */
  readonly limit: number;
  readonly newestFirst: boolean;
}

const NEWEST_FIRST = 1;
const HAS_CURSOR = 2;

export function encodeHistoryQuery(query: HistoryQuery): Uint8Array {
  const bytes = new Uint8Array(HISTORY_QUERY_BYTES);
  const view = viewOf(bytes);
  checkUint(query.accountId, 128, 'accountId');
  writeId(view, 0, query.accountId);
  writeSafeUint64(view, 16, query.fromTimeMs);
  writeSafeUint64(view, 24, query.toTimeMs);
  writeSafeUint64(view, 32, query.afterPosition ?? 0);
  view.setUint32(40, query.limit, true);
  const cursor = query.afterPosition === undefined ? 0 : HAS_CURSOR;
  view.setUint32(44, (query.newestFirst ? NEWEST_FIRST : 0) | cursor, true);
  return bytes;
}

/** @throws LedgerFormatError `frame_malformed` for an unknown flag or a limit out of bounds. */
export function decodeHistoryQuery(bytes: Uint8Array): HistoryQuery {
  const view = viewOf(bytes);
  const limit = view.getUint32(40, true);
  const flags = view.getUint32(44, true);
  const isKnown = (flags & ~(NEWEST_FIRST | HAS_CURSOR)) === 0 && view.getBigUint64(48, true) === 0n;
  const times = [16, 24, 32].every((at) => view.getUint32(at + 4, true) < 0x200000);
  if (!isKnown || !times || limit < 1 || limit > MAX_BATCH_RECORDS) {
    throw new LedgerFormatError('frame_malformed', 'This is not a ledger history query.', {
      details: { limit, flags },
    });
  }
  return {
    accountId: readId(view, 0),
    fromTimeMs: readSafeUint64(view, 16),
    toTimeMs: readSafeUint64(view, 24),
    ...((flags & HAS_CURSOR) === 0 ? {} : { afterPosition: readSafeUint64(view, 32) }),
    limit,
    newestFirst: (flags & NEWEST_FIRST) !== 0,
  };
}

/** Sequence, time and partition stand in the frame's header. */
export interface StatusItem {
  readonly epoch: number;
  readonly isLeader: boolean;
  /** Records in the log. */
  readonly position: number;
  /** Hash of the last batch. */
  readonly hash: Uint8Array;
}

export function encodeStatus(status: StatusItem): Uint8Array {
  const bytes = new Uint8Array(STATUS_ITEM_BYTES);
  const view = viewOf(bytes);
  writeSafeUint64(view, 0, status.epoch);
  writeSafeUint64(view, 8, status.position);
  view.setUint32(16, status.isLeader ? 1 : 0, true);
  bytes.set(status.hash, 32);
  return bytes;
}

export function decodeStatus(bytes: Uint8Array): StatusItem {
  const view = viewOf(bytes);
  return {
    epoch: readSafeUint64(view, 0),
    position: readSafeUint64(view, 8),
    isLeader: view.getUint32(16, true) === 1,
    hash: new Uint8Array(bytes.subarray(32, 64)),
  };
}

/** Why a whole request was not answered. */
export const FRAME_ERROR = {
  frame_malformed: 1,
  frame_version_unknown: 2,
  frame_too_large: 3,
  frame_type_unexpected: 4,
  partition_unknown: 5,
  not_leader: 6,
  overloaded: 7,
  shutting_down: 8,
  unavailable: 9,
} as const;

export type FrameErrorName = keyof typeof FRAME_ERROR;

export function encodeFrameError(name: FrameErrorName, text: string): Uint8Array {
  const message = new TextEncoder().encode(text).subarray(0, MAX_ERROR_BYTES - 4);
  const bytes = new Uint8Array(4 + message.byteLength);
  viewOf(bytes).setUint16(0, FRAME_ERROR[name], true);
  bytes.set(message, 4);
  return bytes;
}

/** `name` is undefined for a code of a later version. */
export function decodeFrameError(bytes: Uint8Array): {
  readonly name: FrameErrorName | undefined;
  readonly text: string;
} {
  const code = bytes.byteLength < 4 ? 0 : viewOf(bytes).getUint16(0, true);
  const name = (Object.keys(FRAME_ERROR) as FrameErrorName[]).find((error) => FRAME_ERROR[error] === code);
  return { name, text: new TextDecoder().decode(bytes.subarray(4)) };
}
