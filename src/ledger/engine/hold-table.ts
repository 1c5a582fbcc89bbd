import { AmountCells } from './amounts.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { IdIndex } from './id-index.ts';
import { copyId, WORD } from './record-words.ts';

/** One hold is one cache line: id, account rows, code and state, timeout; amount, expiry, positions. */
const ROW_WORDS = 16;
const ROW_CELLS = 8;
const DEBIT_ROW = 4;
const CREDIT_ROW = 5;
const CODE_STATE = 6;
const TIMEOUT = 7;
const AMOUNT = 4;
const EXPIRES_AT = 5;
const POSITION = 6;
const RESOLVED_AT = 7;

export const HOLD_STATE = { pending: 1, posted: 2, voided: 3, expired: 4 } as const;
export type HoldState = (typeof HOLD_STATE)[keyof typeof HOLD_STATE];

/**
 * Every open hold, and the last `keepResolved` resolved ones, so that resolving a hold a second time is
 * answered with what happened to it (after that, with "not found"; it is refused either way). About 100
 * bytes a hold.
 */
export class HoldTable {
  readonly amounts: AmountCells;
  #rows: Uint32Array;
  readonly #index: IdIndex;
  readonly #heap: ExpiryHeap;
  /** Rows resolved and still kept, oldest first from `#keptFrom`; a ring. */
  readonly #kept: Int32Array;
  #keptFrom = 0;
  #keptCount = 0;
  readonly #free: number[] = [];
  #used = 0;
  #open = 0;

  constructor(capacity: number, keepResolved: number, seed: number) {
    const buffer = new ArrayBuffer(capacity * ROW_WORDS * 4);
    this.#rows = new Uint32Array(buffer);
    this.amounts = new AmountCells(new Float64Array(buffer));
    this.#index = new IdIndex(this.#rows, ROW_WORDS, capacity, seed);
    this.#heap = new ExpiryHeap(this, capacity);
    this.#kept = new Int32Array(keepResolved);
  }

  get openCount(): number {
    return this.#open;
  }

  find(words: Uint32Array, at: number): number {
    return this.#index.find(words, at);
  }

  /**
   * Adds the open hold that the record at `words[record]` asks for, id, amount, code and timeout taken from
   * there; its id must be new. `expiresAtMs` is 0 when it never runs out.
   */
  create(
    words: Uint32Array,
    record: number,
    debitRow: number,
    creditRow: number,
    expiresAtMs: number,
    position: number,
  ): number {
    const row = this.#allocate();
    const word = row * ROW_WORDS;
    copyId(words, record + WORD.id, this.#rows, word);
    this.#rows[word + DEBIT_ROW] = debitRow;
    this.#rows[word + CREDIT_ROW] = creditRow;
    this.#rows[word + CODE_STATE] =
      ((words[record + WORD.codeFlags] as number) & 0xffff) | (HOLD_STATE.pending << 16);
    this.#rows[word + TIMEOUT] = words[record + WORD.timeout] as number;
    const cell = row * ROW_CELLS;
    this.amounts.copyFrom(cell + AMOUNT, words, record + WORD.amount);
    this.amounts.cells[cell + EXPIRES_AT] = expiresAtMs;
    this.amounts.cells[cell + POSITION] = position;
    this.amounts.cells[cell + RESOLVED_AT] = 0;
    this.#index.insert(row);
    if (expiresAtMs > 0) this.#heap.add(row);
    this.#open++;
    return row;
  }

  /** Takes back a hold that was created and not resolved. */
  uncreate(row: number): void {
    if (this.expiresAtMs(row) > 0) this.#heap.remove(row);
    this.#open--;
    this.#release(row);
  }

  resolve(row: number, state: HoldState, position: number): void {
    if (this.expiresAtMs(row) > 0) this.#heap.remove(row);
    this.#setState(row, state);
    this.amounts.cells[row * ROW_CELLS + RESOLVED_AT] = position;
    this.#open--;
  }

  unresolve(row: number): void {
    this.#setState(row, HOLD_STATE.pending);
    this.amounts.cells[row * ROW_CELLS + RESOLVED_AT] = 0;
    if (this.expiresAtMs(row) > 0) this.#heap.add(row);
    this.#open++;
  }

  /** Keeps a resolved hold as one of the last, and forgets the oldest kept one when there are too many. */
  keep(row: number): void {
    if (this.#kept.length === 0) {
      this.#release(row);
      return;
    }
    if (this.#keptCount === this.#kept.length) {
      this.#release(this.#kept[this.#keptFrom] as number);
      this.#keptFrom = (this.#keptFrom + 1) % this.#kept.length;
      this.#keptCount--;
    }
    this.#kept[(this.#keptFrom + this.#keptCount++) % this.#kept.length] = row;
  }

  debitRow(row: number): number {
    return this.#rows[row * ROW_WORDS + DEBIT_ROW] as number;
  }

  creditRow(row: number): number {
    return this.#rows[row * ROW_WORDS + CREDIT_ROW] as number;
  }

  code(row: number): number {
    return (this.#rows[row * ROW_WORDS + CODE_STATE] as number) & 0xffff;
  }

  state(row: number): HoldState {
    return ((this.#rows[row * ROW_WORDS + CODE_STATE] as number) >>> 16) as HoldState;
  }

  /** 0 when it never runs out. */
  expiresAtMs(row: number): number {
    return this.amounts.cells[row * ROW_CELLS + EXPIRES_AT] as number;
  }

  /** Position in the log of the record that made it. */
  position(row: number): number {
    return this.amounts.cells[row * ROW_CELLS + POSITION] as number;
  }

  /** The cell in `amounts` that holds its amount. */
  cell(row: number): number {
    return row * ROW_CELLS + AMOUNT;
  }

  copyId(row: number, words: Uint32Array, at: number): void {
    copyId(this.#rows, row * ROW_WORDS, words, at);
  }

  isBefore(rowA: number, rowB: number): boolean {
    const difference = this.expiresAtMs(rowA) - this.expiresAtMs(rowB);
    return difference < 0 || (difference === 0 && this.position(rowA) < this.position(rowB));
  }

  /** When the next open hold runs out, or 0 when none ever does. */
  get nextExpiryMs(): number {
    const row = this.#heap.top;
    return row < 0 ? 0 : this.expiresAtMs(row);
  }

  /** At most `max` open holds that have run out at `timeMs`, the earliest first. */
  due(timeMs: number, max: number): number[] {
    return this.#heap.first(max, (row) => this.expiresAtMs(row) <= timeMs);
  }

  /** Kept resolved holds, in the order they were resolved, then open ones, in the order they were made. */
  ordered(): number[] {
    const kept: number[] = [];
    for (let i = 0; i < this.#keptCount; i++) {
      kept.push(this.#kept[(this.#keptFrom + i) % this.#kept.length] as number);
    }
    const free = new Set(this.#free);
    const open: number[] = [];
    for (let row = 0; row < this.#used; row++) {
      if (this.state(row) === HOLD_STATE.pending && !free.has(row)) open.push(row);
    }
    open.sort((a, b) => this.position(a) - this.position(b));
    return [...kept, ...open];
  }

  /** Writes the hold as the 96 bytes of a checkpoint's hold, without its account ids: 24 words at `at`. */
  writeItem(row: number, words: Uint32Array, at: number): void {
    copyId(this.#rows, row * ROW_WORDS, words, at);
    this.amounts.copyTo(this.cell(row), words, at + 12);
    for (let i = 0; i < 3; i++) {
      const value = this.amounts.cells[row * ROW_CELLS + EXPIRES_AT + i] as number;
      words[at + 16 + i * 2] = value % 2 ** 32;
      words[at + 17 + i * 2] = Math.floor(value / 2 ** 32);
    }
    words[at + 22] = this.#rows[row * ROW_WORDS + CODE_STATE] as number;
    words[at + 23] = this.#rows[row * ROW_WORDS + TIMEOUT] as number;
  }

  /** Adds the hold that `writeItem` has written, in the same order. */
  addItem(words: Uint32Array, at: number, debitRow: number, creditRow: number): void {
    const row = this.#allocate();
    const word = row * ROW_WORDS;
    copyId(words, at, this.#rows, word);
    this.#rows[word + DEBIT_ROW] = debitRow;
    this.#rows[word + CREDIT_ROW] = creditRow;
    this.#rows[word + CODE_STATE] = words[at + 22] as number;
    this.#rows[word + TIMEOUT] = words[at + 23] as number;
    this.amounts.copyFrom(this.cell(row), words, at + 12);
    for (let i = 0; i < 3; i++) {
      this.amounts.cells[row * ROW_CELLS + EXPIRES_AT + i] =
        (words[at + 17 + i * 2] as number) * 2 ** 32 + (words[at + 16 + i * 2] as number);
    }
    this.#index.insert(row);
    if (this.state(row) !== HOLD_STATE.pending) {
      this.keep(row);
      return;
    }
    if (this.expiresAtMs(row) > 0) this.#heap.add(row);
    this.#open++;
  }

  #setState(row: number, state: HoldState): void {
    const at = row * ROW_WORDS + CODE_STATE;
    this.#rows[at] = ((this.#rows[at] as number) & 0xffff) | (state << 16);
  }

  #allocate(): number {
    const row = this.#free.pop() ?? this.#used++;
    if ((row + 1) * ROW_WORDS > this.#rows.length) this.#grow();
    return row;
  }

  #release(row: number): void {
    this.#index.remove(row);
    this.amounts.clear(row * ROW_CELLS + AMOUNT);
    this.#free.push(row);
  }

  #grow(): void {
    const buffer = new ArrayBuffer(this.#rows.byteLength * 2);
    const rows = new Uint32Array(buffer);
    rows.set(this.#rows);
    this.#rows = rows;
    this.amounts.cells = new Float64Array(buffer);
    this.#index.rebind(rows);
  }
}
