import { chainsOfNetwork, type ChainRules, type NetworkName } from '../../bitcoin/index.ts';
import type { BlockPosition, ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';

/**
 * The rules of the chain that a node follows, once it is known to be the right one: network, first block, and
 * every checkpoint that it has reached. @throws ChainError `wrong_network`, `forked_below_checkpoint`.
 */
export async function identifyNode(
  node: ChainNode,
  network: NetworkName,
  checkpoints: readonly BlockPosition[],
): Promise<ChainRules> {
  const { chain, tip } = await node.status();
  if (!chainsOfNetwork(network).includes(chain)) {
    throw new ChainError('wrong_network', 'The node follows another network.', {
      details: { expected: network, found: chain.coreName },
    });
  }
  if ((await node.blockHash(0)) !== chain.genesisHash) {
    throw new ChainError('wrong_network', 'The chain of the node begins with another block.', {
      details: { expected: chain.genesisHash },
    });
  }
  for (const { height, hash } of checkpoints) {
    if (height <= tip.height && (await node.blockHash(height)) !== hash) {
      throw new ChainError(
        'forked_below_checkpoint',
        'The chain of the node lacks a block that it must have.',
        {
          details: { height, hash },
        },
      );
    }
  }
  return chain;
}
