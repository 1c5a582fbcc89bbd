import type { BlockPosition, ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { forkPoint } from './fork-point.ts';
import type { OurChain } from './our-chain.ts';

export interface ForkLimits {
  readonly maxReorgDepth: number;
  readonly maxBlocksBehind: number;
  readonly checkpoints: readonly BlockPosition[];
}

export function nodeBehind(blocks: number): ChainError {
  return new ChainError('node_behind', 'The node knows fewer blocks than we have followed already.', {
    details: { blocks },
    retryable: true,
  });
}

/**
 * The block of ours from which to go on with the node's chain, or `undefined` while the node is merely a little
 * behind us. @throws ChainError `node_behind`, `reorg_too_deep`, `forked_below_checkpoint`.
 */
export async function agreedBlock(
  node: ChainNode,
  ours: OurChain,
  nodeTip: BlockPosition,
  limits: ForkLimits,
): Promise<BlockPosition | undefined> {
  const behind = ours.tip.height - nodeTip.height;
  const fork = await forkPoint(node, ours);
  if (behind > 0 && fork?.hash === nodeTip.hash) {
    if (behind > limits.maxBlocksBehind) throw nodeBehind(behind);
    return undefined;
  }
  if (fork === undefined || ours.tip.height - fork.height > limits.maxReorgDepth) {
    if (behind > limits.maxBlocksBehind) throw nodeBehind(behind);
    throw new ChainError('reorg_too_deep', 'The chain of the node parts from ours deeper than is allowed.', {
      details: { position: ours.tip.height, maxReorgDepth: limits.maxReorgDepth },
    });
  }
  const highest = Math.max(-1, ...limits.checkpoints.map((checkpoint) => checkpoint.height));
  if (fork.height < Math.min(highest, ours.tip.height)) {
    throw new ChainError(
      'forked_below_checkpoint',
      'The chain of the node parts from ours below a checkpoint.',
      {
        details: { fork: fork.height, checkpoint: highest },
      },
    );
  }
  return fork;
}
