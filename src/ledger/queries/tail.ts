import { RECORD_BYTES, RECORD_OFFSET, usesUpItsId } from '../format/index.ts';
import type { HistoryPage, PlacedRecord } from '../store/history-index.ts';
import type { LogBatch } from '../store/log-store.ts';
import { isMovement } from './index-entries.ts';

const ID_BYTES = 16;

/**
 * The committed batches that the index does not have yet. It is searched by walking over it: it holds what
 * the follower is behind, which is short or the writer waits.
 */
export class Tail {
  readonly #batches: LogBatch[] = [];
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Batches are added in the order of the log. */
  add(batch: LogBatch): void {
    this.#batches.push(batch);
    this.#byteLength += batch.records.byteLength;
  }

  /** The oldest batches, at most `limit`. */
  oldest(limit: number): readonly LogBatch[] {
    return this.#batches.slice(0, limit);
  }

  /** Forgets what is indexed. */
  dropThrough(sequence: number): void {
    let gone = 0;
    for (const batch of this.#batches) {
      if (batch.sequence > sequence) break;
      this.#byteLength -= batch.records.byteLength;
      gone++;
    }
    this.#batches.splice(0, gone);
  }

  /** The record that an id is known by. */
  find(id: Uint8Array): PlacedRecord | undefined {
    for (const batch of this.#batches) {
      for (let at = 0; at < batch.records.byteLength; at += RECORD_BYTES) {
        if (holdsId(batch.records, at, id) && usesUpItsId(batch.records, at)) return placedRecord(batch, at);
      }
    }
    return undefined;
  }

  /** The movements of an account that the index lacks, in the order of the page. */
  history(account: Uint8Array, page: HistoryPage): readonly PlacedRecord[] {
    const found: PlacedRecord[] = [];
    for (const batch of this.#batches) {
      for (let at = 0; at < batch.records.byteLength; at += RECORD_BYTES) {
        const touches =
          holdsId(batch.records, at + RECORD_OFFSET.debitAccountId, account) ||
          holdsId(batch.records, at + RECORD_OFFSET.creditAccountId, account);
        if (touches && isMovement(batch.records, at)) found.push(placedRecord(batch, at));
      }
    }
    if (page.newestFirst) found.reverse();
    return found.filter((record) => isOnPage(record, page)).slice(0, page.limit);
  }
}

function isOnPage(record: PlacedRecord, page: HistoryPage): boolean {
  const { afterPosition, newestFirst, fromTimeMs, toTimeMs } = page;
  if (record.timeMs < fromTimeMs || (toTimeMs > 0 && record.timeMs > toTimeMs)) return false;
  if (afterPosition === undefined) return true;
  return newestFirst ? record.position < afterPosition : record.position > afterPosition;
}

function holdsId(bytes: Uint8Array, at: number, id: Uint8Array): boolean {
  for (let i = ID_BYTES - 1; i >= 0; i--) if (bytes[at + i] !== id[i]) return false;
  return true;
}

function placedRecord(batch: LogBatch, at: number): PlacedRecord {
  return {
    sequence: batch.sequence,
    position: batch.position + at / RECORD_BYTES,
    timeMs: batch.timeMs,
    bytes: batch.records.subarray(at, at + RECORD_BYTES),
  };
}
