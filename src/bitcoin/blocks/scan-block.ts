import { BitcoinError } from '../errors.ts';
import { HEADER_BYTES } from './block-header.ts';
import type { DoubleSha256 } from './hashing.ts';

/** Bytes of a block at most (MAX_BLOCK_SERIALIZED_SIZE). */
export const MAX_BLOCK_BYTES = 4_000_000;
/** Version, one input, one output and lock time at their shortest. */
const MIN_TRANSACTION_BYTES = 60;
const MIN_INPUT_BYTES = 41;
const MIN_OUTPUT_BYTES = 9;

/**
 * Told what stands where in the block, in its order. Nothing is copied and no object is made for what nobody asks
 * about: offsets are into the bytes of the block.
 */
export interface BlockVisitor {
  /** An input spends the outpoint (hash and index, 36 bytes) at `outpointAt`. Not called for a coinbase. */
  input(outpointAt: number, position: number, inputIndex: number): void;
  /** An output has its script at `scriptAt`, and its value in the eight bytes at `valueAt`. */
  output(
    scriptAt: number,
    scriptLength: number,
    valueAt: number,
    position: number,
    outputIndex: number,
  ): void;
  /** Transaction `position` ends; `txids` holds its id (and those before it) in 32 bytes at `32 * position`. */
  transaction(position: number, txids: Uint8Array, start: number, end: number): void;
}

function malformed(reason: string): never {
  throw new BitcoinError('block_malformed', `This is not a valid block: ${reason}.`, { details: { reason } });
}

class BlockScanner {
  readonly #bytes: Uint8Array;
  readonly #hash256: DoubleSha256;
  readonly #visitor: BlockVisitor;
  #stripped = new Uint8Array(1024);
  #at = HEADER_BYTES;

  constructor(bytes: Uint8Array, hash256: DoubleSha256, visitor: BlockVisitor) {
    this.#bytes = bytes;
    this.#hash256 = hash256;
    this.#visitor = visitor;
  }

  scan(): Uint8Array {
    const count = this.#count(MIN_TRANSACTION_BYTES);
    if (count === 0) malformed('it has no transactions');
    const txids = new Uint8Array(32 * count);
    for (let position = 0; position < count; position++) {
      const start = this.#at;
      txids.set(this.#transaction(position), 32 * position);
      this.#visitor.transaction(position, txids, start, this.#at);
    }
    if (this.#at !== this.#bytes.length) malformed('bytes follow its end');
    return txids;
  }

  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) malformed('it ends too early');
    return start;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  /** A compact size in its shortest form; nothing in a block is as long as four bytes could say. */
  #compactSize(): number {
    const first = this.#byte(this.#skip(1));
    if (first < 0xfd) return first;
    if (first === 0xff) malformed('a length is absurd');
    const length = first === 0xfd ? 2 : 4;
    const at = this.#skip(length);
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + this.#byte(at + i);
    if (value < (length === 2 ? 0xfd : 0x1_0000)) malformed('a length is not in its shortest form');
    return value;
  }

  /** A number of things of at least `leastBytes` each: one that cannot be true is refused before anything is done. */
  #count(leastBytes: number): number {
    const count = this.#compactSize();
    if (count * leastBytes > this.#bytes.length - this.#at) malformed('there is less in it than it says');
    return count;
  }

  #transaction(position: number): Uint8Array {
    const start = this.#skip(4);
    const segwit = this.#byte(this.#at) === 0 && this.#byte(this.#at + 1) === 1;
    if (segwit) this.#skip(2);
    const bodyStart = this.#at;
    const inputs = this.#inputs(position);
    this.#outputs(position);
    const bodyEnd = this.#at;
    if (segwit) {
      for (let i = 0; i < inputs; i++) {
        for (let items = this.#count(1); items > 0; items--) this.#skip(this.#compactSize());
      }
    }
    const end = this.#skip(4) + 4;
    return this.#hash256(
      segwit ? this.#withoutWitness(start, bodyStart, bodyEnd) : this.#bytes.subarray(start, end),
    );
  }

  #inputs(position: number): number {
    const inputs = this.#count(MIN_INPUT_BYTES);
    if (inputs === 0) malformed('a transaction has no inputs');
    for (let index = 0; index < inputs; index++) {
      const outpointAt = this.#skip(36);
      if (this.#isNull(outpointAt)) {
        if (position !== 0 || inputs !== 1) malformed('a coinbase stands where none may');
      } else if (position === 0) {
        malformed('its first transaction is no coinbase');
      } else {
        this.#visitor.input(outpointAt, position, index);
      }
      this.#skip(this.#compactSize());
      this.#skip(4);
    }
    return inputs;
  }

  #isNull(outpointAt: number): boolean {
    if (this.#byte(outpointAt + 32) !== 0xff || this.#byte(outpointAt + 35) !== 0xff) return false;
    for (let i = 0; i < 32; i++) if (this.#byte(outpointAt + i) !== 0) return false;
    return this.#byte(outpointAt + 33) === 0xff && this.#byte(outpointAt + 34) === 0xff;
  }

  #outputs(position: number): void {
    const outputs = this.#count(MIN_OUTPUT_BYTES);
    if (outputs === 0) malformed('a transaction has no outputs');
    for (let index = 0; index < outputs; index++) {
      const valueAt = this.#skip(8);
      const length = this.#compactSize();
      this.#visitor.output(this.#skip(length), length, valueAt, position, index);
    }
  }

  /** What the txid is the hash of: version, inputs and outputs, lock time (BIP144). */
  #withoutWitness(start: number, bodyStart: number, bodyEnd: number): Uint8Array {
    const length = 8 + bodyEnd - bodyStart;
    if (length > this.#stripped.length) this.#stripped = new Uint8Array(2 * length);
    const stripped = this.#stripped;
    stripped.set(this.#bytes.subarray(start, start + 4));
    stripped.set(this.#bytes.subarray(bodyStart, bodyEnd), 4);
    stripped.set(this.#bytes.subarray(this.#at - 4, this.#at), length - 4);
    return stripped.subarray(0, length);
  }
}

/**
 * Walks once through a serialised block and returns the ids of its transactions, hashed here, 32 bytes each in
 * the order of the block. Whoever trusts them compares their Merkle root with a header that has its work.
 * Witnesses are skipped, not checked: nothing here depends on them.
 * @throws BitcoinError `block_malformed`.
 */
export function scanBlock(bytes: Uint8Array, hash256: DoubleSha256, visitor: BlockVisitor): Uint8Array {
  if (bytes.length > MAX_BLOCK_BYTES) malformed('it is larger than any block');
  if (bytes.length <= HEADER_BYTES) malformed('it ends too early');
  return new BlockScanner(bytes, hash256, visitor).scan();
}
