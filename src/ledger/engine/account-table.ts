import { AmountCells } from './amounts.ts';
import { IdIndex } from './id-index.ts';
import { copyId, sameId, WORD } from './record-words.ts';

/** One account is one cache line of 64 bytes: its id, asset, code and flags, and its four sums. */
const ROW_WORDS = 16;
const ROW_CELLS = 8;
const ASSET = 4;
const CODE_FLAGS = 5;

/** Offsets from an account's first cell. */
export const DEBITS_POSTED = 4;
export const CREDITS_POSTED = 5;
export const DEBITS_PENDING = 6;
export const CREDITS_PENDING = 7;

/** What only look-ups and repeated creations need, apart from the hot rows: user data, flags at creation. */
const COLD_WORDS = 8;
const CREATED_FLAGS = 7;

/** All accounts, in the order of their creation; a row number never changes. About 130 bytes an account. */
export class AccountTable {
  readonly sums: AmountCells;
  #rows: Uint32Array;
  #cold: Uint32Array;
  #createdAtMs: Float64Array;
  readonly #index: IdIndex;
  #count = 0;

  constructor(capacity: number, seed: number) {
    const buffer = new ArrayBuffer(capacity * ROW_WORDS * 4);
    this.#rows = new Uint32Array(buffer);
    this.sums = new AmountCells(new Float64Array(buffer));
    this.#cold = new Uint32Array(capacity * COLD_WORDS);
    this.#createdAtMs = new Float64Array(capacity);
    this.#index = new IdIndex(this.#rows, ROW_WORDS, capacity, seed);
  }

  get count(): number {
    return this.#count;
  }

  /** The row of the account whose id is at `words[at]`, or -1. */
  find(words: Uint32Array, at: number): number {
    return this.#index.find(words, at);
  }

  /** Adds the account that the creation record at `words[record]` describes; its id must be new. */
  create(words: Uint32Array, record: number, accountFlags: number, timeMs: number): number {
    const row = this.#append(words, record + WORD.id);
    const word = row * ROW_WORDS;
    this.#rows[word + ASSET] = words[record + WORD.asset] as number;
    this.#rows[word + CODE_FLAGS] =
      ((words[record + WORD.codeFlags] as number) & 0xffff) | (accountFlags << 16);
    this.#setCold(row, words, record + WORD.userData128, accountFlags, timeMs);
    return row;
  }

  /** Takes back the newest account, which no transfer may have touched. */
  removeNewest(): void {
    this.#index.remove(--this.#count);
  }

  asset(row: number): number {
    return this.#rows[row * ROW_WORDS + ASSET] as number;
  }

  code(row: number): number {
    return (this.#rows[row * ROW_WORDS + CODE_FLAGS] as number) & 0xffff;
  }

  flags(row: number): number {
    return (this.#rows[row * ROW_WORDS + CODE_FLAGS] as number) >>> 16;
  }

  setFlags(row: number, flags: number): void {
    const at = row * ROW_WORDS + CODE_FLAGS;
    this.#rows[at] = ((this.#rows[at] as number) & 0xffff) | (flags << 16);
  }

  createdFlags(row: number): number {
    return this.#cold[row * COLD_WORDS + CREATED_FLAGS] as number;
  }

  /** Word `word` (0 to 6) of the user data: 128, then 64, then 32 bits. */
  userDataWord(row: number, word: number): number {
    return this.#cold[row * COLD_WORDS + word] as number;
  }

  /** Writes the account as the 128 bytes of an account item (docs/ledger-format.md), 32 words at `at`. */
  writeItem(row: number, words: Uint32Array, at: number): void {
    copyId(this.#rows, row * ROW_WORDS, words, at);
    const cell = this.cell(row);
    for (let sum = 0; sum < 4; sum++) this.sums.copyTo(cell + DEBITS_POSTED + sum, words, at + 4 + sum * 4);
    for (let word = 0; word < 7; word++) words[at + 20 + word] = this.userDataWord(row, word);
    words[at + 27] = this.asset(row);
    words[at + 28] = this.#rows[row * ROW_WORDS + CODE_FLAGS] as number;
    words[at + 29] = this.createdFlags(row);
    const createdAtMs = this.#createdAtMs[row] as number;
    words[at + 30] = createdAtMs % 2 ** 32;
    words[at + 31] = Math.floor(createdAtMs / 2 ** 32);
  }

  /** Adds the account that `writeItem` has written; its id must be new. */
  addItem(words: Uint32Array, at: number): void {
    const row = this.#append(words, at);
    const word = row * ROW_WORDS;
    this.#rows[word + ASSET] = words[at + 27] as number;
    this.#rows[word + CODE_FLAGS] = words[at + 28] as number;
    const cell = this.cell(row);
    for (let sum = 0; sum < 4; sum++) this.sums.copyFrom(cell + DEBITS_POSTED + sum, words, at + 4 + sum * 4);
    const createdAtMs = (words[at + 31] as number) * 2 ** 32 + (words[at + 30] as number);
    this.#setCold(row, words, at + 20, words[at + 29] as number, createdAtMs);
  }

  /** Credits posted − debits posted. */
  postedBalance(row: number): bigint {
    const cell = this.cell(row);
    return this.sums.read(cell + CREDITS_POSTED) - this.sums.read(cell + DEBITS_POSTED);
  }

  hasId(row: number, words: Uint32Array, at: number): boolean {
    return sameId(this.#rows, row * ROW_WORDS, words, at);
  }

  copyId(row: number, words: Uint32Array, at: number): void {
    copyId(this.#rows, row * ROW_WORDS, words, at);
  }

  /** The first cell of an account in `sums`; add DEBITS_POSTED and so on. */
  cell(row: number): number {
    return row * ROW_CELLS;
  }

  #append(words: Uint32Array, at: number): number {
    if (this.#count === this.#createdAtMs.length) this.#grow();
    const row = this.#count++;
    copyId(words, at, this.#rows, row * ROW_WORDS);
    this.#index.insert(row);
    return row;
  }

  #setCold(row: number, words: Uint32Array, userDataAt: number, createdFlags: number, timeMs: number): void {
    const cold = row * COLD_WORDS;
    for (let word = 0; word < 7; word++) this.#cold[cold + word] = words[userDataAt + word] as number;
    this.#cold[cold + CREATED_FLAGS] = createdFlags;
    this.#createdAtMs[row] = timeMs;
  }

  #grow(): void {
    const capacity = this.#createdAtMs.length * 2;
    const buffer = new ArrayBuffer(capacity * ROW_WORDS * 4);
    const rows = new Uint32Array(buffer);
    rows.set(this.#rows);
    this.#rows = rows;
    this.sums.cells = new Float64Array(buffer);
    const cold = new Uint32Array(capacity * COLD_WORDS);
    cold.set(this.#cold);
    this.#cold = cold;
    const createdAtMs = new Float64Array(capacity);
    createdAtMs.set(this.#createdAtMs);
    this.#createdAtMs = createdAtMs;
    this.#index.rebind(rows);
  }
}
