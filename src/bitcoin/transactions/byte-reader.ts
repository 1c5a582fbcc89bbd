/** Reads little-endian Bitcoin encodings from bytes; `fail` names the refusal when the bytes run out. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: (reason: string) => never;
  #offset = 0;

  constructor(bytes: Uint8Array, fail: (reason: string) => never) {
    // Never a Node.js Buffer, whose `slice` does not copy: the fields read are plain arrays everywhere.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #advance(length: number): number {
    if (length > this.remaining) this.#fail('the bytes end too early');
    const start = this.#offset;
    this.#offset += length;
    return start;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#advance(8), true);
  }

  /** A view of the next bytes, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A compact size in its one shortest form; a longer form of the same number is refused. */
  compactSize(): number {
    const first = this.uint8();
    if (first < 0xfd) return first;
    if (first === 0xfd) {
      const value = this.#view.getUint16(this.#advance(2), true);
      return value < 0xfd ? this.#fail('a length is not in its shortest form') : value;
    }
    if (first === 0xfe) {
      const value = this.uint32();
      return value < 0x1_0000 ? this.#fail('a length is not in its shortest form') : value;
    }
    // Nothing this library reads is 4 GiB long.
    return this.#fail('a length is absurd');
  }

  /** Bytes with their length before them. */
  prefixed(): Uint8Array {
    return this.bytes(this.compactSize());
  }
}
