import {
  ACCOUNT_ITEM_BYTES,
  decodeAccountItem,
  idToBytes,
  openCheckpoint,
  RECORD_BYTES,
  RECORD_KIND,
  RECORD_MARK,
  stateHashOf,
  usesUpItsId,
  type AccountReading,
  type CheckpointHeader,
  type CheckpointPlace,
  type LedgerId,
} from '../format/index.ts';
import type { OldIds } from './batch-runner.ts';
import { emptyBooks, type Books, type EngineOptions } from './books.ts';
import { checkBatch } from './check-batch.ts';
import { readContent, writeCheckpoint, writeContent } from './checkpoint.ts';
import { LedgerEngineError } from './errors.ts';
import { readHold, type HoldReading } from './hold-reading.ts';
import { oldIdsOf, oldRecordsAsWords, type OldIdRecords } from './old-ids.ts';
import { alignedWordsOf, RECORD_WORDS, WORD, wordsOf } from './record-words.ts';
import { askedFor, firstDifference } from './replay.ts';

/**
 * The books of one partition, as a pure function of its log: no clock, no I/O, no randomness. A batch is
 * applied at once and before it is committed; when the commit turns out not to have happened, this engine is
 * dropped and another is restored from the last checkpoint and the log after it. There is no way back inside.
 */
export class Engine {
  readonly #books: Books;
  #sequence = 0;
  #position = 0;
  #timeMs = 0;
  /** After a restore: the batch to remember next; 0 when it is too late or done. */
  #warmingSequence = 0;

  constructor(options: EngineOptions = {}) {
    this.#books = emptyBooks(options);
  }

  /** Sequence of the last batch applied; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** How many records were applied in all. */
  get position(): number {
    return this.#position;
  }

  /** Logged time: that of the last batch. The next may not be earlier. */
  get timeMs(): number {
    return this.#timeMs;
  }

  get accountCount(): number {
    return this.#books.accounts.count;
  }

  get openHoldCount(): number {
    return this.#books.holds.openCount;
  }

  /**
   * Applies the next batch: `records` is 1 to 8,190 records of 128 bytes, aligned to 4, as `encodeCommand`,
   * `markRequest`, `encodeClock` and `dueExpiries` leave them. Outcome and result of each are written into it,
   * and what the ledger completes: accounts, asset, code and amount of a post, void or expiry, the amount that a
   * balancing transfer moved. `oldIds` answers for every record that `oldIds()` names.
   *
   * @throws LedgerEngineError before anything has changed: `engine_batch_malformed`, `engine_time_went_back`,
   * `engine_old_id_unresolved` (look the named records up and try again).
   */
  apply(records: Uint8Array, timeMs: number, oldIds?: OldIdRecords): void {
    const words = wordsOf(records);
    checkBatch(words, timeMs, this.#timeMs);
    const missing = oldIdsOf(words, this.#books.window).find((index) => oldIds?.has(index) !== true);
    if (missing !== undefined) {
      throw new LedgerEngineError('engine_old_id_unresolved', 'An old id was not looked up in the log.', {
        details: { record: missing },
        retryable: true,
      });
    }
    this.#run(words, timeMs, oldIds === undefined ? undefined : oldRecordsAsWords(oldIds));
  }

  /**
   * The records, by number, whose ids are so old that only an index of the whole log can say whether they were
   * used. Look them up, then pass the answers to `apply`. An answer that was found with the index complete up to
   * batch S is good as long as `forgottenSequence` is not above S.
   */
  oldIds(records: Uint8Array): number[] {
    return oldIdsOf(wordsOf(records), this.#books.window);
  }

  /** Sequence of the newest batch whose ids this engine no longer remembers; 0 when it remembers all. */
  get forgottenSequence(): number {
    return this.#books.window.forgottenSequence;
  }

  /**
   * Applies a batch of the log again and verifies that it comes out as logged, byte for byte. Needs no look-ups:
   * where an id is too old for the window, the log says whether it was used before.
   * @throws LedgerEngineError as `apply` (nothing changed), or `engine_replay_differs` with the record's number:
   * the log is not what an honest engine wrote, and this engine must be dropped.
   */
  replay(logged: Uint8Array, timeMs: number): void {
    const expected = alignedWordsOf(logged);
    const words = askedFor(expected);
    checkBatch(words, timeMs, this.#timeMs);
    this.#run(words, timeMs, undefined, expected);
    const record = firstDifference(words, expected);
    if (record < 0) return;
    throw new LedgerEngineError('engine_replay_differs', 'A logged record does not come out as logged.', {
      details: { sequence: this.#sequence, record },
    });
  }

  /** The account as of the last batch; undefined when there is no such account. */
  account(id: LedgerId): AccountReading | undefined {
    const item = new Uint8Array(ACCOUNT_ITEM_BYTES);
    return this.writeAccountItem(idToBytes(id), item, 0) ? decodeAccountItem(item) : undefined;
  }

  /** The same as bytes for a frame: 128 at `offset` of `into`, aligned to 4, left alone when there is none. */
  writeAccountItem(id: Uint8Array, into: Uint8Array, offset: number): boolean {
    const { accounts } = this.#books;
    const row = accounts.find(alignedWordsOf(id), 0);
    if (row < 0) return false;
    accounts.writeItem(
      row,
      new Uint32Array(into.buffer, into.byteOffset + offset, ACCOUNT_ITEM_BYTES / 4),
      0,
    );
    return true;
  }

  /** The hold made by the pending transfer `id`: open, or one of the last 65,536 resolved; else undefined. */
  hold(id: LedgerId): HoldReading | undefined {
    const { accounts, holds } = this.#books;
    const row = holds.find(new Uint32Array(idToBytes(id).buffer), 0);
    return row < 0 ? undefined : readHold(accounts, holds, row);
  }

  /** When the next hold runs out; undefined while none ever does. */
  get nextExpiryMs(): number | undefined {
    const next = this.#books.holds.nextExpiryMs;
    return next === 0 ? undefined : next;
  }

  /**
   * Writes an expiry record for each hold that has run out at `timeMs`, the earliest first and at most `max`,
   * to `into` from `offset`, and returns how many. They belong at the front of the next batch, which must not
   * be earlier than `timeMs`.
   */
  dueExpiries(timeMs: number, into: Uint8Array, offset: number, max: number): number {
    const { holds } = this.#books;
    const rows = holds.due(timeMs, max);
    const words = new Uint32Array(RECORD_WORDS);
    rows.forEach((row, index) => {
      holds.copyId(row, words, WORD.pendingId);
      words[WORD.state] = RECORD_KIND.expiry | (RECORD_MARK.ownRecord << 8);
      into.set(new Uint8Array(words.buffer), offset + index * RECORD_BYTES);
    });
    return rows.length;
  }

  /** SHA-256 over accounts and holds: equal wherever the same log was applied. */
  stateHash(): Uint8Array {
    return stateHashOf(writeContent(this.#books.accounts, this.#books.holds, 0));
  }

  /** A checkpoint of the state after the last batch, which the caller places in the log. */
  snapshot(place: CheckpointPlace): Uint8Array {
    const { accounts, holds, window } = this.#books;
    return writeCheckpoint(accounts, holds, {
      ...place,
      sequence: this.#sequence,
      timeMs: this.#timeMs,
      position: this.#position,
      usedIdsBeforeMs: window.latestTimeMs + 1,
      forgottenIdsBeforeMs: window.forgottenTimeMs + 1,
      forgottenSequence: window.forgottenSequence,
    });
  }

  /**
   * An engine in the state of a checkpoint. It remembers no ids yet, so it calls every id old that is not later
   * than all used before, until `remember` has seen the batches after `header.forgottenSequence` up to the
   * checkpoint's own. That is a matter of speed alone.
   * @throws LedgerFormatError `checkpoint_malformed`, `checkpoint_hash_wrong`; LedgerEngineError
   * `engine_checkpoint_malformed` when the books in it do not fit together.
   */
  static restore(
    bytes: Uint8Array,
    options: EngineOptions = {},
  ): { engine: Engine; header: CheckpointHeader } {
    const header = openCheckpoint(bytes);
    const engine = new Engine({
      ...options,
      accounts: Math.max(options.accounts ?? 1024, header.accounts),
      holds: Math.max(options.holds ?? 1024, header.holds),
    });
    const { accounts, holds, window } = engine.#books;
    readContent(bytes, header, accounts, holds);
    engine.#sequence = header.sequence;
    engine.#position = header.position;
    engine.#timeMs = header.timeMs;
    const { forgottenIdsBeforeMs, forgottenSequence, usedIdsBeforeMs, sequence } = header;
    window.startCold(forgottenIdsBeforeMs - 1, forgottenSequence, usedIdsBeforeMs - 1, sequence);
    engine.#warmingSequence = forgottenSequence + 1;
    return { engine, header };
  }

  /**
   * After `restore` and before anything else: takes the ids, nothing more, of a batch that the checkpoint already
   * covers. Batches come in order from `header.forgottenSequence + 1`. Returns whether more are wanted; it is safe
   * to stop at any point.
   */
  remember(logged: Uint8Array, sequence: number): boolean {
    if (this.#warmingSequence !== sequence || sequence > this.#sequence) return false;
    const { window } = this.#books;
    const words = alignedWordsOf(logged);
    for (let r = 0; r < words.length; r += RECORD_WORDS) {
      if (usesUpItsId(logged, r * 4)) window.remember(words, r);
    }
    window.rotate(sequence);
    if (sequence < this.#sequence) {
      this.#warmingSequence++;
      return true;
    }
    window.warmed();
    this.#warmingSequence = 0;
    return false;
  }

  #run(words: Uint32Array, timeMs: number, oldIds: OldIds | undefined, logged?: Uint32Array): void {
    const { runner, resolutions, holds, window } = this.#books;
    this.#warmingSequence = 0;
    runner.run(words, this.#position, timeMs, oldIds, logged);
    for (const hold of resolutions.resolved) holds.keep(hold);
    resolutions.resolved.length = 0;
    this.#sequence++;
    this.#position += words.length / RECORD_WORDS;
    this.#timeMs = timeMs;
    window.rotate(this.#sequence);
  }
}
