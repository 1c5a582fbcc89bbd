import { randomBytes } from 'node:crypto';
import { KeyedFingerprint } from './keyed-fingerprint.ts';

const FIRST_CAPACITY = 1024;

/**
 * A set of byte strings kept as 64-bit fingerprints in open addressing, at most half full: 16 to 32 bytes an
 * entry, and a question costs the same however many there are. It never misses what was added; it takes one
 * stranger in 2^64 / size for a member, so members that matter are confirmed by their owner.
 */
export class FingerprintSet {
  readonly #fingerprint: KeyedFingerprint;
  #slots = new Uint32Array(2 * FIRST_CAPACITY);
  #size = 0;

  constructor() {
    const key = randomBytes(8);
    this.#fingerprint = new KeyedFingerprint(key.readInt32LE(0), key.readInt32LE(4));
  }

  get size(): number {
    return this.#size;
  }

  get memoryBytes(): number {
    return this.#slots.byteLength;
  }

  /** Where the fingerprint stands, or the empty place where it would. */
  static #place(slots: Uint32Array, low: number, high: number): number {
    const mask = slots.length - 2;
    let at = (low << 1) & mask;
    for (;;) {
      const slotLow = slots[at] ?? 0;
      const slotHigh = slots[at + 1] ?? 0;
      if ((slotLow === 0 && slotHigh === 0) || (slotLow === low && slotHigh === high)) return at;
      at = (at + 2) & mask;
    }
  }

  has(bytes: Uint8Array, at = 0, length = bytes.length): boolean {
    const fingerprint = this.#fingerprint;
    fingerprint.compute(bytes, at, length);
    const place = FingerprintSet.#place(this.#slots, fingerprint.low, fingerprint.high);
    return this.#slots[place] !== 0 || this.#slots[place + 1] !== 0;
  }

  add(bytes: Uint8Array): void {
    const fingerprint = this.#fingerprint;
    fingerprint.compute(bytes, 0, bytes.length);
    const place = FingerprintSet.#place(this.#slots, fingerprint.low, fingerprint.high);
    if (this.#slots[place] !== 0 || this.#slots[place + 1] !== 0) return;
    this.#slots[place] = fingerprint.low;
    this.#slots[place + 1] = fingerprint.high;
    this.#size++;
    if (this.#size * 4 > this.#slots.length) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      const low = old[at] ?? 0;
      const high = old[at + 1] ?? 0;
      if (low === 0 && high === 0) continue;
      const place = FingerprintSet.#place(slots, low, high);
      slots[place] = low;
      slots[place + 1] = high;
    }
    this.#slots = slots;
  }
}
