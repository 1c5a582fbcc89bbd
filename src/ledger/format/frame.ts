import { readSafeUint64, viewOf, writeSafeUint64 } from './bytes.ts';
import { LedgerFormatError } from './errors.ts';
import { MAX_BATCH_RECORDS, RECORD_BYTES } from './record-layout.ts';

/** A message on the ledger's socket: this header, then `count` items. Specified in docs/ledger-format.md. */
export const FRAME_HEADER_BYTES = 40;
export const FRAME_VERSION = 1;

/** `TL` read as bytes. */
const MAGIC = 0x4c54;

const AT = {
  length: 0,
  magic: 4,
  version: 6,
  type: 7,
  request: 8,
  partition: 16,
  count: 20,
  sequence: 24,
  timeMs: 32,
} as const;

/** An id to look up; a result of a submitted record; an account; a logged record with its place; a query. */
export const ID_ITEM_BYTES = 16;
export const RESULT_ITEM_BYTES = 32;
export const ACCOUNT_ITEM_BYTES = 128;
export const LOGGED_ITEM_BYTES = 160;
export const HISTORY_QUERY_BYTES = 56;
export const STATUS_ITEM_BYTES = 64;
/** Two bytes of code, two of zeros, then text: counted in bytes. */
export const MAX_ERROR_BYTES = 1028;

/** Per frame type: its number, the bytes of one item, and the most items of one frame. */
export const FRAME_TYPE = {
  submit: { number: 0x01, itemBytes: RECORD_BYTES, maxCount: MAX_BATCH_RECORDS },
  lookUpAccounts: { number: 0x02, itemBytes: ID_ITEM_BYTES, maxCount: MAX_BATCH_RECORDS },
  lookUpTransfers: { number: 0x03, itemBytes: ID_ITEM_BYTES, maxCount: MAX_BATCH_RECORDS },
  queryHistory: { number: 0x04, itemBytes: HISTORY_QUERY_BYTES, maxCount: 1 },
  askStatus: { number: 0x05, itemBytes: 0, maxCount: 0 },
  results: { number: 0x81, itemBytes: RESULT_ITEM_BYTES, maxCount: MAX_BATCH_RECORDS },
  accounts: { number: 0x82, itemBytes: ACCOUNT_ITEM_BYTES, maxCount: MAX_BATCH_RECORDS },
  transfers: { number: 0x83, itemBytes: LOGGED_ITEM_BYTES, maxCount: MAX_BATCH_RECORDS },
  history: { number: 0x84, itemBytes: LOGGED_ITEM_BYTES, maxCount: MAX_BATCH_RECORDS },
  status: { number: 0x85, itemBytes: STATUS_ITEM_BYTES, maxCount: 1 },
  error: { number: 0xff, itemBytes: 1, maxCount: MAX_ERROR_BYTES },
} as const;

export type FrameType = keyof typeof FRAME_TYPE;

const TYPES: ReadonlyMap<number, FrameType> = new Map(
  (Object.keys(FRAME_TYPE) as FrameType[]).map((type) => [FRAME_TYPE[type].number, type]),
);

export const MAX_FRAME_BYTES = FRAME_HEADER_BYTES + MAX_BATCH_RECORDS * LOGGED_ITEM_BYTES;

export interface FrameHeader {
  readonly type: FrameType;
  /** Chosen by the client, repeated in the answer. */
  readonly request: number;
  readonly partition: number;
  /** In a request: answer from this batch or a later one (0: any). In an answer: the batch it reflects. */
  readonly sequence: number;
  /** In an answer: the logged time of that batch. In a request: 0. */
  readonly timeMs: number;
}

export interface Frame extends FrameHeader {
  readonly count: number;
  /** `count` items; a view into the received bytes. */
  readonly items: Uint8Array;
}

/** The frame's bytes. @throws LedgerFormatError `frame_too_large` when there are more items than its type allows. */
export function encodeFrame(header: FrameHeader, items: Uint8Array): Uint8Array {
  const { number, itemBytes, maxCount } = FRAME_TYPE[header.type];
  const count = itemBytes === 0 ? 0 : items.byteLength / itemBytes;
  if (!Number.isInteger(count) || count > maxCount || (itemBytes === 0 && items.byteLength > 0)) {
    throw new LedgerFormatError('frame_too_large', 'A ledger message does not fit its frame.', {
      details: { type: header.type, bytes: items.byteLength },
    });
  }
  const frame = new Uint8Array(FRAME_HEADER_BYTES + items.byteLength);
  const view = viewOf(frame);
  view.setUint32(AT.length, frame.byteLength, true);
  view.setUint16(AT.magic, MAGIC, true);
  view.setUint8(AT.version, FRAME_VERSION);
  view.setUint8(AT.type, number);
  writeSafeUint64(view, AT.request, header.request);
  view.setUint32(AT.partition, header.partition, true);
  view.setUint32(AT.count, count, true);
  writeSafeUint64(view, AT.sequence, header.sequence);
  writeSafeUint64(view, AT.timeMs, header.timeMs);
  frame.set(items, FRAME_HEADER_BYTES);
  return frame;
}

/** Checks a header and returns the length of its whole frame. */
function checkHeader(view: DataView): number {
  const refuse = (reason: string): never => {
    throw new LedgerFormatError('frame_malformed', 'These bytes are not a ledger message.', {
      details: { reason },
    });
  };
  if (view.getUint16(AT.magic, true) !== MAGIC) refuse('magic');
  const version = view.getUint8(AT.version);
  if (version !== FRAME_VERSION) {
    throw new LedgerFormatError('frame_version_unknown', 'The ledger speaks another version.', {
      details: { version, known: FRAME_VERSION },
    });
  }
  const type = TYPES.get(view.getUint8(AT.type));
  if (type === undefined) return refuse('type');
  const { itemBytes, maxCount } = FRAME_TYPE[type];
  const count = view.getUint32(AT.count, true);
  const length = view.getUint32(AT.length, true);
  if (count > maxCount) {
    throw new LedgerFormatError('frame_too_large', 'The ledger message has too many items.', {
      details: { type, count, maxCount },
    });
  }
  if (length !== FRAME_HEADER_BYTES + count * itemBytes) refuse('length');
  for (const at of [AT.request, AT.sequence, AT.timeMs]) {
    if (view.getUint32(at + 4, true) >= 0x200000) refuse('number above 2^53');
  }
  return length;
}

function readFrame(bytes: Uint8Array): Frame {
  const view = viewOf(bytes);
  return {
    type: TYPES.get(view.getUint8(AT.type)) ?? 'error',
    request: readSafeUint64(view, AT.request),
    partition: view.getUint32(AT.partition, true),
    count: view.getUint32(AT.count, true),
    sequence: readSafeUint64(view, AT.sequence),
    timeMs: readSafeUint64(view, AT.timeMs),
    items: bytes.subarray(FRAME_HEADER_BYTES),
  };
}

/**
 * Cuts a stream of bytes into frames. Holds at most one incomplete frame, for which it makes room only as its
 * bytes arrive, doubling, so that a header alone cannot make it take a megabyte.
 */
export class FrameReader {
  #held = new Uint8Array(256);
  #size = 0;

  /**
   * The frames that these bytes complete; their items are copies.
   * @throws LedgerFormatError `frame_malformed`, `frame_too_large`, `frame_version_unknown`: the stream can no
   * longer be understood and must be closed.
   */
  push(chunk: Uint8Array): Frame[] {
    this.#append(chunk);
    const frames: Frame[] = [];
    let from = 0;
    while (this.#size - from >= FRAME_HEADER_BYTES) {
      const length = checkHeader(viewOf(this.#held.subarray(from, from + FRAME_HEADER_BYTES)));
      if (this.#size - from < length) break;
      frames.push(readFrame(this.#held.slice(from, from + length)));
      from += length;
    }
    this.#held.copyWithin(0, from, this.#size);
    this.#size -= from;
    return frames;
  }

  /** Bytes of the incomplete frame that are held. */
  get pendingBytes(): number {
    return this.#size;
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#size + chunk.byteLength;
    if (needed > this.#held.byteLength) {
      const larger = new Uint8Array(Math.max(needed, this.#held.byteLength * 2));
      larger.set(this.#held.subarray(0, this.#size));
      this.#held = larger;
    }
    this.#held.set(chunk, this.#size);
    this.#size = needed;
  }
}
