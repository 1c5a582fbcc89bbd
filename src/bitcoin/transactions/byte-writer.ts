/** Writes little-endian Bitcoin encodings into a buffer that doubles when full, so that cost stays linear. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  constructor(expectedLength = 256) {
    this.#bytes = new Uint8Array(expectedLength);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #reserve(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }

  uint8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  int64(value: bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  compactSize(value: number): this {
    if (value < 0xfd) return this.uint8(value);
    if (value < 0x1_0000) {
      const at = this.#reserve(3);
      this.#view.setUint8(at, 0xfd);
      this.#view.setUint16(at + 1, value, true);
      return this;
    }
    return this.uint8(0xfe).uint32(value);
  }

  prefixed(value: Uint8Array): this {
    return this.compactSize(value.length).bytes(value);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

/** How many bytes `compactSize` takes for a length. */
export function compactSizeLength(value: number): number {
  if (value < 0xfd) return 1;
  return value < 0x1_0000 ? 3 : 5;
}
