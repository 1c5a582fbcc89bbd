import type { ChainNode } from '../chain-node.ts';

/** What building and sending a payout asks of a node. */
export type PayingNode = Pick<ChainNode, 'feeEstimate' | 'tip' | 'header' | 'broadcast' | 'mempoolEntry'>;

/** The node, whose answers money depends on only after `check` has let them pass. `check` throws when it does not. */
export function guardNode(node: PayingNode, check: () => Promise<void>): PayingNode {
  return {
    header: (hash) => node.header(hash),
    mempoolEntry: (txid) => node.mempoolEntry(txid),
    feeEstimate: async (targetBlocks) => {
      await check();
      return node.feeEstimate(targetBlocks);
    },
    tip: async () => {
      await check();
      return node.tip();
    },
    broadcast: async (transaction) => {
      await check();
      return node.broadcast(transaction);
    },
  };
}
