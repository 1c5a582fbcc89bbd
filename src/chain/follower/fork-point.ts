import type { BlockPosition, ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import type { OurChain } from './our-chain.ts';

async function nodeHas(node: ChainNode, block: BlockPosition): Promise<boolean> {
  try {
    return (await node.blockHash(block.height)) === block.hash;
  } catch (thrown) {
    if (thrown instanceof ChainError && thrown.code === 'height_out_of_range') return false;
    throw thrown;
  }
}

/**
 * The highest block of ours that the node's main chain has too: our tip when nothing happened. Chains once parted
 * stay apart, so it is searched by halving. `undefined` when the node shares none of the blocks remembered.
 */
export async function forkPoint(node: ChainNode, ours: OurChain): Promise<BlockPosition | undefined> {
  if (await nodeHas(node, ours.tip)) return ours.tip;
  const oldest = ours.at(ours.oldestHeight);
  if (oldest === undefined || !(await nodeHas(node, oldest))) return undefined;
  let shared = oldest.height;
  let parted = ours.tip.height;
  while (parted - shared > 1) {
    const middle = (shared + parted) >> 1;
    const block = ours.at(middle);
    if (block !== undefined && (await nodeHas(node, block))) shared = middle;
    else parted = middle;
  }
  return ours.at(shared);
}
