/**
 * A map from 128-bit ids to row numbers: open addressing, linear probing, at most half full. Each slot is a
 * pair of 32-bit numbers, row + 1 (0 is empty) and the id's hash, so that a probe rarely touches the row it
 * does not want, and growing or removing never does. Memory: 16 to 32 bytes an id.
 *
 * The ids themselves stay where the owner keeps its rows: `keys`, `stride` words apart. Nothing that the
 * engine answers depends on the order in here, so `seed` may differ from process to process; a secret one
 * keeps clients from choosing ids that collide.
 */
export class IdIndex {
  #keys: Uint32Array;
  readonly #stride: number;
  readonly #seed: number;
  #slots: Int32Array;
  #mask: number;
  #size = 0;

  constructor(keys: Uint32Array, stride: number, expected: number, seed: number) {
    this.#keys = keys;
    this.#stride = stride;
    this.#seed = seed | 0;
    const capacity = slotCount(expected);
    this.#slots = new Int32Array(capacity * 2);
    this.#mask = capacity - 1;
  }

  /** After the owner has moved its rows to a larger array. */
  rebind(keys: Uint32Array): void {
    this.#keys = keys;
  }

  /** The row of the id at `words[at..at+3]`, or -1. */
  find(words: Uint32Array, at: number): number {
    const hash = this.#hash(words, at);
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot * 2] as number) - 1;
      if (row < 0) return -1;
      if (slots[slot * 2 + 1] === hash && this.#isAt(row, words, at)) return row;
    }
  }

  /** Adds a row whose id is already in the owner's rows and is not in the index. */
  insert(row: number): void {
    if (++this.#size * 2 > this.#mask + 1) this.#grow();
    this.#place(row, this.#hash(this.#keys, row * this.#stride));
  }

  /** Removes a row that is in the index, closing the gap so that probing still finds the others. */
  remove(row: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let gap = this.#hash(this.#keys, row * this.#stride) & mask;
    while (slots[gap * 2] !== row + 1) gap = (gap + 1) & mask;
    for (let next = (gap + 1) & mask; slots[next * 2] !== 0; next = (next + 1) & mask) {
      const home = (slots[next * 2 + 1] as number) & mask;
      const reachesGap = ((next - home) & mask) >= ((next - gap) & mask);
      if (!reachesGap) continue;
      slots[gap * 2] = slots[next * 2] as number;
      slots[gap * 2 + 1] = slots[next * 2 + 1] as number;
      gap = next;
    }
    slots[gap * 2] = 0;
    this.#size--;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  #place(row: number, hash: number): void {
    let slot = hash & this.#mask;
    while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = row + 1;
    this.#slots[slot * 2 + 1] = hash;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = old.length - 1;
    for (let slot = 0; slot < old.length; slot += 2) {
      const row = (old[slot] as number) - 1;
      if (row >= 0) this.#place(row, old[slot + 1] as number);
    }
  }

  #isAt(row: number, words: Uint32Array, at: number): boolean {
    const keys = this.#keys;
    const key = row * this.#stride;
    return (
      keys[key] === words[at] &&
      keys[key + 1] === words[at + 1] &&
      keys[key + 2] === words[at + 2] &&
      keys[key + 3] === words[at + 3]
    );
  }

  /** Multiply and fold over the four words, then the finalizer of MurmurHash3 (public domain). */
  #hash(words: Uint32Array, at: number): number {
    let hash = Math.imul(this.#seed ^ (words[at] as number), 0x9e3779b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ (words[at + 1] as number), 0x85ebca77);
    hash = Math.imul(hash ^ (hash >>> 13) ^ (words[at + 2] as number), 0xc2b2ae3d);
    hash = Math.imul(hash ^ (hash >>> 16) ^ (words[at + 3] as number), 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  }
}

function slotCount(expected: number): number {
  let capacity = 16;
  while (capacity < expected * 2) capacity *= 2;
  return capacity;
}
