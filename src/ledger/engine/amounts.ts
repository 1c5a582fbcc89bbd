/**
 * Amounts and balances are 128-bit. Nearly all are below 2^53, where a Float64 is exact and fast; the others
 * are held as bigint beside the table (`WideAmounts`), and the Float64 in the table is then WIDE.
 */
export const WIDE = -1;

export const MAX_AMOUNT = (1n << 128n) - 1n;
const MAX_NARROW = BigInt(Number.MAX_SAFE_INTEGER);

/** The 128-bit number at `words[at..at+3]` when it is below 2^53, else WIDE. */
export function narrowAmount(words: Uint32Array, at: number): number {
  const high = words[at + 1] as number;
  if (((words[at + 2] as number) | (words[at + 3] as number)) !== 0 || high >= 0x200000) return WIDE;
  return high * 2 ** 32 + (words[at] as number);
}

export function wideAmount(words: Uint32Array, at: number): bigint {
  return (
    BigInt(words[at] as number) |
    (BigInt(words[at + 1] as number) << 32n) |
    (BigInt(words[at + 2] as number) << 64n) |
    (BigInt(words[at + 3] as number) << 96n)
  );
}

export function putNarrowAmount(words: Uint32Array, at: number, amount: number): void {
  const high = Math.floor(amount / 2 ** 32);
  words[at] = amount - high * 2 ** 32;
  words[at + 1] = high;
  words[at + 2] = 0;
  words[at + 3] = 0;
}

export function putWideAmount(words: Uint32Array, at: number, amount: bigint): void {
  words[at] = Number(amount & 0xffffffffn);
  words[at + 1] = Number((amount >> 32n) & 0xffffffffn);
  words[at + 2] = Number((amount >> 64n) & 0xffffffffn);
  words[at + 3] = Number(amount >> 96n);
}

/** A Float64Array of amounts whose few values of 2^53 and above live in a map. */
export class AmountCells {
  cells: Float64Array;
  readonly #wide = new Map<number, bigint>();

  constructor(cells: Float64Array) {
    this.cells = cells;
  }

  read(cell: number): bigint {
    const narrow = this.cells[cell] as number;
    return narrow === WIDE ? (this.#wide.get(cell) as bigint) : BigInt(narrow);
  }

  write(cell: number, amount: bigint): void {
    if (amount <= MAX_NARROW) {
      if (this.cells[cell] === WIDE) this.#wide.delete(cell);
      this.cells[cell] = Number(amount);
    } else {
      this.cells[cell] = WIDE;
      this.#wide.set(cell, amount);
    }
  }

  clear(cell: number): void {
    if (this.cells[cell] === WIDE) this.#wide.delete(cell);
    this.cells[cell] = 0;
  }

  /** Adds the 128 bits at `words[at..at+3]` to `cell`; the caller knows that the sum stays in 128 bits. */
  add(cell: number, words: Uint32Array, at: number): void {
    const sum = this.cells[cell] as number;
    const amount = narrowAmount(words, at);
    if (sum === WIDE || amount === WIDE || sum + amount > Number.MAX_SAFE_INTEGER) {
      this.write(cell, this.read(cell) + wideAmount(words, at));
    } else {
      this.cells[cell] = sum + amount;
    }
  }

  isEqual(cellA: number, cellB: number): boolean {
    const a = this.cells[cellA] as number;
    return a === this.cells[cellB] && (a !== WIDE || this.read(cellA) === this.read(cellB));
  }

  /** Writes the amount in `cell` as 128 bits. */
  copyTo(cell: number, words: Uint32Array, at: number): void {
    const narrow = this.cells[cell] as number;
    if (narrow === WIDE) putWideAmount(words, at, this.read(cell));
    else putNarrowAmount(words, at, narrow);
  }

  /** Reads 128 bits into `cell`. */
  copyFrom(cell: number, words: Uint32Array, at: number): void {
    const narrow = narrowAmount(words, at);
    if (narrow === WIDE || this.cells[cell] === WIDE) this.write(cell, wideAmount(words, at));
    else this.cells[cell] = narrow;
  }
}
