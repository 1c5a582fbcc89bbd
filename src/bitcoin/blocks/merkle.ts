import { hashBytes, hashText, type DoubleSha256 } from './hashing.ts';

export interface MerkleResult {
  /** As people read it. */
  readonly root: string;
  /**
   * Whether two equal hashes stand side by side where none were added to fill a row: then other transactions,
   * with some repeated, have the same root, and the block must be refused (CVE-2012-2459).
   */
  readonly mutated: boolean;
}

function equalAt(hashes: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 32; i++) if (hashes[a + i] !== hashes[b + i]) return false;
  return true;
}

/** One row up, in place; `count` hashes of 32 bytes become half as many. */
function foldRow(row: Uint8Array, count: number, hash256: DoubleSha256): boolean {
  let mutated = false;
  const pair = new Uint8Array(64);
  for (let i = 0; i < count; i += 2) {
    const left = 32 * i;
    const right = i + 1 < count ? left + 32 : left;
    if (right !== left && equalAt(row, left, right)) mutated = true;
    pair.set(row.subarray(left, left + 32));
    pair.set(row.subarray(right, right + 32), 32);
    row.set(hash256(pair), 16 * i);
  }
  return mutated;
}

/** The Merkle root over `txids`, hashes of 32 bytes one after the other in the order of the block; at least one. */
export function merkleRoot(txids: Uint8Array, hash256: DoubleSha256): MerkleResult {
  const row = Uint8Array.from(txids);
  let mutated = false;
  for (let count = row.length / 32; count > 1; count = (count + 1) >> 1) {
    if (foldRow(row, count, hash256)) mutated = true;
  }
  return { root: hashText(row), mutated };
}

/** What shows that a transaction is in a block: where, and the hash beside it on each row from the bottom up. */
export interface MerkleBranch {
  /** 0 for the coinbase. */
  readonly position: number;
  /** As people read them. */
  readonly siblings: readonly string[];
}

/** The branch of the transaction at `position`. */
export function merkleBranch(txids: Uint8Array, position: number, hash256: DoubleSha256): MerkleBranch {
  const row = Uint8Array.from(txids);
  const siblings: string[] = [];
  let at = position;
  for (let count = row.length / 32; count > 1; count = (count + 1) >> 1) {
    const sibling = Math.min(at ^ 1, count - 1);
    siblings.push(hashText(row, 32 * sibling));
    foldRow(row, count, hash256);
    at >>= 1;
  }
  return { position, siblings };
}

/** No block holds more transactions than fit into 4,000,000 weight units at 60 bytes each: 2 to the 17th. */
const MAX_BRANCH_LENGTH = 17;

/**
 * Whether `txid` stands under `root` by this branch. Who got transaction and proof from the same stranger must
 * also refuse a transaction of 64 bytes (without witness): it may be an inner node in disguise (CVE-2017-12842).
 */
export function branchLeadsTo(
  txid: string,
  branch: MerkleBranch,
  root: string,
  hash256: DoubleSha256,
): boolean {
  const { position, siblings } = branch;
  if (siblings.length > MAX_BRANCH_LENGTH || !Number.isInteger(position)) return false;
  if (position < 0 || position >= 2 ** siblings.length) return false;
  let node = hashBytes(txid);
  if (node === undefined) return false;
  const pair = new Uint8Array(64);
  for (const [row, text] of siblings.entries()) {
    const sibling = hashBytes(text);
    if (sibling === undefined) return false;
    const onTheRight = ((position >> row) & 1) === 1;
    pair.set(onTheRight ? sibling : node);
    pair.set(onTheRight ? node : sibling, 32);
    node = hash256(pair);
  }
  return hashText(node) === root;
}
