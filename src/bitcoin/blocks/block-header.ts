import { BitcoinError } from '../errors.ts';
import { hashText, type DoubleSha256 } from './hashing.ts';

export const HEADER_BYTES = 80;

/** The 80 bytes in front of a block, read. Hashes are written as people read them. */
export interface BlockHeader {
  readonly hash: string;
  readonly previousHash: string;
  readonly merkleRoot: string;
  readonly version: number;
  /** Seconds since the epoch, as the miner claims. */
  readonly time: number;
  /** The target in compact form. */
  readonly bits: number;
  readonly nonce: number;
  /** The 80 bytes themselves. */
  readonly bytes: Uint8Array;
}

/**
 * Reads the first 80 bytes of a header or block; the hash is computed, not believed.
 * @throws BitcoinError `block_malformed` when there are fewer.
 */
export function parseBlockHeader(bytes: Uint8Array, hash256: DoubleSha256): BlockHeader {
  if (bytes.length < HEADER_BYTES) {
    throw new BitcoinError('block_malformed', 'A block header has 80 bytes.', {
      details: { bytes: bytes.length },
    });
  }
  // Not `slice`, which does not copy when the bytes are a Node Buffer.
  const header = Uint8Array.from(bytes.subarray(0, HEADER_BYTES));
  const view = new DataView(header.buffer);
  return {
    hash: hashText(hash256(header)),
    previousHash: hashText(header, 4),
    merkleRoot: hashText(header, 36),
    version: view.getInt32(0, true),
    time: view.getUint32(68, true),
    bits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
    bytes: header,
  };
}
