/** When a hold runs out, and the position of its record, which decides between equals. */
export interface ExpiryOrder {
  isBefore(rowA: number, rowB: number): boolean;
}

/** A binary heap of hold rows, the earliest expiry on top, from which any row can be taken. 8 bytes a hold. */
export class ExpiryHeap {
  readonly #order: ExpiryOrder;
  #rows: Int32Array;
  /** Place in the heap of each row, by row number; -1 when absent. */
  #places: Int32Array;
  #size = 0;

  constructor(order: ExpiryOrder, capacity: number) {
    this.#order = order;
    this.#rows = new Int32Array(capacity);
    this.#places = new Int32Array(capacity).fill(-1);
  }

  /** The row that runs out first, or -1. */
  get top(): number {
    return this.#size === 0 ? -1 : (this.#rows[0] as number);
  }

  add(row: number): void {
    if (row >= this.#places.length) this.#growTo(row + 1);
    const place = this.#size++;
    this.#set(place, row);
    this.#rise(place);
  }

  remove(row: number): void {
    const place = this.#places[row] as number;
    this.#places[row] = -1;
    const last = this.#rows[--this.#size] as number;
    if (last === row) return;
    this.#set(place, last);
    this.#rise(place);
    this.#sink(this.#places[last] as number);
  }

  /** The first rows in order, at most `max` and only as far as `isWanted` says. They stay in the heap. */
  first(max: number, isWanted: (row: number) => boolean): number[] {
    const rows: number[] = [];
    for (let row = this.top; rows.length < max && row >= 0 && isWanted(row); row = this.top) {
      this.remove(row);
      rows.push(row);
    }
    for (const row of rows) this.add(row);
    return rows;
  }

  #set(place: number, row: number): void {
    this.#rows[place] = row;
    this.#places[row] = place;
  }

  #rise(from: number): void {
    const row = this.#rows[from] as number;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#rows[parent] as number;
      if (!this.#order.isBefore(row, above)) break;
      this.#set(place, above);
      place = parent;
    }
    this.#set(place, row);
  }

  #sink(from: number): void {
    const row = this.#rows[from] as number;
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (
        right < this.#size &&
        this.#order.isBefore(this.#rows[right] as number, this.#rows[child] as number)
      ) {
        child = right;
      }
      const below = this.#rows[child] as number;
      if (!this.#order.isBefore(below, row)) break;
      this.#set(place, below);
      place = child;
    }
    this.#set(place, row);
  }

  #growTo(rows: number): void {
    const capacity = Math.max(rows, this.#places.length * 2);
    const heap = new Int32Array(capacity);
    heap.set(this.#rows);
    this.#rows = heap;
    const places = new Int32Array(capacity).fill(-1);
    places.set(this.#places);
    this.#places = places;
  }
}
