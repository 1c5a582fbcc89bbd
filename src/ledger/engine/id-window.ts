import { MAX_BATCH_RECORDS } from '../format/index.ts';
import { IdIndex } from './id-index.ts';
import { RECORD_WORDS, uuidTimeMs, WORD } from './record-words.ts';

/**
 * The records of the most recently used-up ids, whole, so that a repeated one gets its old answer or is told
 * which field differs. Two generations: ids go to the young one; when another batch might overfill it, the old
 * one is forgotten as a whole and the young one becomes the old one. So between one and two generations' worth
 * of ids are remembered, and a new id, being later than every id of the old generation, is looked for in the
 * young one alone.
 *
 * An id that is not remembered may still have been used if its time is not later than `forgottenTimeMs`, the
 * latest time of all forgotten ids: such an id is *old*, and only an index of the whole log can say.
 *
 * Memory: 144 to 160 bytes an id, for twice `perGeneration` ids; touched only as it fills.
 */
export class IdWindow {
  readonly #perGeneration: number;
  #young: Generation;
  #old: Generation;
  #forgottenTimeMs = -1;
  #forgottenSequence = 0;
  /** After a restore, what all ids until then amount to, as long as they are not in here again. */
  #coldTimeMs = -1;
  #coldSequence = 0;

  constructor(perGeneration: number, seed: number) {
    this.#perGeneration = perGeneration;
    this.#young = new Generation(perGeneration, seed);
    this.#old = new Generation(perGeneration, seed);
  }

  /** After batch `sequence`: when another might overfill the young generation, the generations move on. */
  rotate(sequence: number): void {
    if (this.#young.count + MAX_BATCH_RECORDS <= this.#perGeneration) return;
    const forgotten = this.#old;
    if (forgotten.count > 0) {
      this.#forgottenTimeMs = Math.max(this.#forgottenTimeMs, forgotten.latestTimeMs);
      this.#forgottenSequence = forgotten.lastSequence;
    }
    forgotten.clear();
    this.#young.lastSequence = sequence;
    this.#old = this.#young;
    this.#young = forgotten;
  }

  /** Remembers the record at `words[record]`, whose id is not remembered yet. */
  remember(words: Uint32Array, record: number): void {
    this.#young.add(words, record, uuidTimeMs(words, record + WORD.id));
  }

  /**
   * Makes an empty window stand for one that had forgotten ids up to `forgottenTimeMs`, of batches up to
   * `forgottenSequence`, and remembered others up to `usedTimeMs`, of batches up to `usedSequence`. Until
   * `warmed`, all of them are old.
   */
  startCold(
    forgottenTimeMs: number,
    forgottenSequence: number,
    usedTimeMs: number,
    usedSequence: number,
  ): void {
    this.#forgottenTimeMs = forgottenTimeMs;
    this.#forgottenSequence = forgottenSequence;
    this.#coldTimeMs = usedTimeMs;
    this.#coldSequence = usedSequence;
  }

  /** What the other window remembered is in this one now. */
  warmed(): void {
    this.#coldTimeMs = -1;
    this.#coldSequence = 0;
  }

  /** Ids at or before this time may have been used and forgotten; -1 while nothing was ever forgotten. */
  get forgottenTimeMs(): number {
    return Math.max(this.#forgottenTimeMs, this.#coldTimeMs);
  }

  /** Sequence of the newest batch of which ids were forgotten; 0 while none. */
  get forgottenSequence(): number {
    return Math.max(this.#forgottenSequence, this.#coldSequence);
  }

  /** Replaces a remembered record by the one at `words[record]`, which has its id. */
  amend(words: Uint32Array, record: number): void {
    if (!this.find(words, record + WORD.id, uuidTimeMs(words, record + WORD.id))) return;
    this.foundIn.set(words.subarray(record, record + RECORD_WORDS), this.foundAt);
  }

  /** Looks for the id at `words[at]`, made at `timeMs`; when found, `foundIn` and `foundAt` say where. */
  find(words: Uint32Array, at: number, timeMs: number): boolean {
    return this.#findIn(this.#young, words, at, timeMs) || this.#findIn(this.#old, words, at, timeMs);
  }

  foundIn: Uint32Array = new Uint32Array(0);
  foundAt = 0;

  /** The latest time of all ids ever remembered, forgotten ones included. */
  get latestTimeMs(): number {
    return Math.max(this.forgottenTimeMs, this.#old.latestTimeMs, this.#young.latestTimeMs);
  }

  #findIn(generation: Generation, words: Uint32Array, at: number, timeMs: number): boolean {
    if (timeMs > generation.latestTimeMs) return false;
    const row = generation.index.find(words, at);
    if (row < 0) return false;
    this.foundIn = generation.records;
    this.foundAt = row * RECORD_WORDS;
    return true;
  }
}

class Generation {
  readonly records: Uint32Array;
  readonly index: IdIndex;
  count = 0;
  latestTimeMs = -1;
  lastSequence = 0;

  constructor(capacity: number, seed: number) {
    this.records = new Uint32Array(capacity * RECORD_WORDS);
    this.index = new IdIndex(this.records, RECORD_WORDS, capacity, seed);
  }

  add(words: Uint32Array, record: number, timeMs: number): void {
    const row = this.count++;
    const at = row * RECORD_WORDS;
    for (let word = 0; word < RECORD_WORDS; word++) {
      this.records[at + word] = words[record + word] as number;
    }
    if (timeMs > this.latestTimeMs) this.latestTimeMs = timeMs;
    this.index.insert(row);
  }

  clear(): void {
    if (this.count > 0) this.index.clear();
    this.count = 0;
    this.latestTimeMs = -1;
  }
}
