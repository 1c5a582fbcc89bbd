import {
  idToBytes,
  MAX_BATCH_RECORDS,
  RECORD_BYTES,
  RECORD_KIND,
  RECORD_MARK,
  RESULT,
  type LedgerId,
} from '../format/index.ts';
import { AccountCommands } from './account-commands.ts';
import { AccountTable } from './account-table.ts';
import { BatchRunner, type OldIds } from './batch-runner.ts';
import { LedgerEngineError } from './errors.ts';
import { HoldTable } from './hold-table.ts';
import { IdWindow } from './id-window.ts';
import { Journal } from './journal.ts';
import { Movements } from './movements.ts';
import { readAccount, readHold, type AccountReading, type HoldReading } from './readings.ts';
import { checkForm } from './record-form.ts';
import { RECORD_WORDS, uuidTimeMs, WORD, wordsOf } from './record-words.ts';
import { Resolutions } from './resolutions.ts';

export interface EngineOptions {
  /** Room for this many accounts and open holds before the tables first grow (default 1,024 each). */
  readonly accounts?: number;
  readonly holds?: number;
  /** Ids remembered in each of the two generations: at least 16,380 (default 65,536). */
  readonly idsPerGeneration?: number;
  /** A secret number against ids chosen to collide in the hash tables. Changes no answer. */
  readonly hashSeed?: number;
}

/** What the index of the log said about old ids, by record number: the first record with that id, or null. */
export type OldIdRecords = ReadonlyMap<number, Uint8Array | null>;

/** How many resolved holds the books remember: part of the semantics, so the same for all. */
export const RESOLVED_HOLDS_KEPT = 65_536;

/**
 * The books of one partition, as a pure function of its log: no clock, no I/O, no randomness. A batch is
 * applied at once and before it is committed; when the commit turns out not to have happened, this engine is
 * dropped and another is restored from the last checkpoint and the log after it. There is no way back inside.
 */
export class Engine {
  readonly #accounts: AccountTable;
  readonly #holds: HoldTable;
  readonly #window: IdWindow;
  readonly #resolutions: Resolutions;
  readonly #runner: BatchRunner;
  #sequence = 0;
  #position = 0;
  #timeMs = 0;

  constructor(options: EngineOptions = {}) {
    const { accounts = 1024, holds = 1024, idsPerGeneration = 65_536, hashSeed = 0 } = options;
    this.#accounts = new AccountTable(Math.max(accounts, 1), hashSeed);
    this.#holds = new HoldTable(Math.max(holds, 1), RESOLVED_HOLDS_KEPT, hashSeed);
    this.#window = new IdWindow(Math.max(idsPerGeneration, 2 * MAX_BATCH_RECORDS), hashSeed);
    const journal = new Journal(this.#accounts, this.#holds);
    this.#resolutions = new Resolutions(this.#accounts, this.#holds, journal);
    this.#runner = new BatchRunner({
      accounts: this.#accounts,
      window: this.#window,
      journal,
      movements: new Movements(this.#accounts, this.#holds, journal),
      resolutions: this.#resolutions,
      accountCommands: new AccountCommands(this.#accounts, journal),
    });
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
    return this.#accounts.count;
  }

  get openHoldCount(): number {
    return this.#holds.openCount;
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
    this.#checkBatch(words, timeMs);
    const resolved = toWords(oldIds);
    const missing = this.#oldIdsOf(words).find((index) => resolved?.has(index) !== true);
    if (missing !== undefined) {
      throw new LedgerEngineError('engine_old_id_unresolved', 'An old id was not looked up in the log.', {
        details: { record: missing },
        retryable: true,
      });
    }
    this.#run(words, timeMs, resolved);
  }

  /**
   * The records, by number, whose ids are so old that only an index of the whole log can say whether they were
   * used. Look them up, then pass the answers to `apply`. An answer stays good while no batch after the one
   * that the index was current with has been forgotten: `forgottenSequence` must not have passed it.
   */
  oldIds(records: Uint8Array): number[] {
    return this.#oldIdsOf(wordsOf(records));
  }

  /** Sequence of the newest batch whose ids this engine no longer remembers; 0 when it remembers all. */
  get forgottenSequence(): number {
    return this.#window.forgottenSequence;
  }

  /** The account's balances and flags as of the last batch; undefined when there is no such account. */
  account(id: LedgerId): AccountReading | undefined {
    const words = idWords(id);
    const row = this.#accounts.find(words, 0);
    return row < 0 ? undefined : readAccount(this.#accounts, row);
  }

  /** The hold made by the pending transfer `id`: open, or one of the last resolved; else undefined. */
  hold(id: LedgerId): HoldReading | undefined {
    const words = idWords(id);
    const row = this.#holds.find(words, 0);
    return row < 0 ? undefined : readHold(this.#accounts, this.#holds, row);
  }

  /** When the next hold runs out; undefined while none ever does. */
  get nextExpiryMs(): number | undefined {
    const next = this.#holds.nextExpiryMs;
    return next === 0 ? undefined : next;
  }

  /**
   * Writes an expiry record for each hold that has run out at `timeMs`, the earliest first and at most `max`,
   * to `into` from `offset`, and returns how many. They belong at the front of the next batch, which must not
   * be earlier than `timeMs`.
   */
  dueExpiries(timeMs: number, into: Uint8Array, offset: number, max: number): number {
    const rows = this.#holds.due(timeMs, max);
    const words = new Uint32Array(RECORD_WORDS);
    rows.forEach((row, index) => {
      this.#holds.copyId(row, words, WORD.pendingId);
      words[WORD.state] = RECORD_KIND.expiry | (RECORD_MARK.ownRecord << 8);
      into.set(new Uint8Array(words.buffer), offset + index * RECORD_BYTES);
    });
    return rows.length;
  }

  #checkBatch(words: Uint32Array, timeMs: number): void {
    const count = words.length / RECORD_WORDS;
    if (count < 1 || count > MAX_BATCH_RECORDS) throw malformed('count');
    if (!Number.isSafeInteger(timeMs) || timeMs < 0) throw malformed('time');
    if (timeMs < this.#timeMs) {
      throw new LedgerEngineError(
        'engine_time_went_back',
        'A batch may not be earlier than the one before.',
        {
          details: { timeMs, lastTimeMs: this.#timeMs },
        },
      );
    }
    for (let r = 0; r < words.length; r += RECORD_WORDS) {
      const hasOutcome = ((words[r + WORD.state] as number) & 0xffff_0000) !== 0;
      if (hasOutcome || words[r + WORD.result] !== 0) throw malformed('outcome');
    }
  }

  #oldIdsOf(words: Uint32Array): number[] {
    const old: number[] = [];
    const { forgottenTimeMs } = this.#window;
    for (let r = 0; r < words.length; r += RECORD_WORDS) {
      const idTimeMs = uuidTimeMs(words, r + WORD.id);
      if (idTimeMs > forgottenTimeMs) continue;
      const kind = (words[r + WORD.state] as number) & 0xff;
      if (kind !== RECORD_KIND.transfer && kind !== RECORD_KIND.accountFlags) continue;
      if (checkForm(words, r) !== RESULT.ok || this.#window.find(words, r + WORD.id, idTimeMs)) continue;
      old.push(r / RECORD_WORDS);
    }
    return old;
  }

  #run(words: Uint32Array, timeMs: number, oldIds: OldIds | undefined): void {
    this.#runner.run(words, this.#position, timeMs, oldIds);
    for (const hold of this.#resolutions.resolved) this.#holds.keep(hold);
    this.#resolutions.resolved.length = 0;
    this.#sequence++;
    this.#position += words.length / RECORD_WORDS;
    this.#timeMs = timeMs;
    this.#window.endBatch(this.#sequence);
  }
}

function idWords(id: LedgerId): Uint32Array {
  return new Uint32Array(idToBytes(id).buffer);
}

function malformed(reason: string): LedgerEngineError {
  return new LedgerEngineError('engine_batch_malformed', 'These records are not a batch to apply.', {
    details: { reason },
  });
}

function toWords(records: OldIdRecords | undefined): OldIds | undefined {
  if (records === undefined) return undefined;
  const words = new Map<number, Uint32Array | null>();
  for (const [index, record] of records) words.set(index, record === null ? null : wordsOf(record.slice()));
  return words;
}
