import type { NetworkName } from '../../bitcoin/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { BlockPosition, ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { feedBlocks } from './block-feed.ts';
import type { ChainStep } from './chain-step.ts';
import { HeaderChain } from './header-chain.ts';
import { matchBlock } from './match-block.ts';
import { identifyNode } from './node-identity.ts';
import type { WatchList } from './watch-list.ts';

export interface RescanOptions {
  readonly node: ChainNode;
  readonly network: NetworkName;
  readonly clock: Clock;
  /** May be a list of its own, so that only new scripts are looked for. */
  readonly watch: WatchList;
  /** The first block looked at. */
  readonly fromHeight: number;
  /** The last one: where the follower stands. It is trusted, and the blocks before must lead to it. */
  readonly to: BlockPosition;
  /** Blocks with matches, in order. It may be told again what it knows, so it must bear repetition. */
  readonly handle: (step: ChainStep & { readonly kind: 'connected' }) => Promise<void>;
}

const HEADERS_AT_ONCE = 2000;

/**
 * Looks again at blocks that were followed before a script was watched; the follower's position stays.
 * @throws ChainError `follower_position_moved` (retryable) when the chain changes meanwhile, and as `poll` does.
 */
export async function rescan(options: RescanOptions): Promise<void> {
  const { node, network, clock, watch, fromHeight, to, handle } = options;
  if (fromHeight > to.height) return;
  const rules = await identifyNode(node, network, [to]);
  const before = Math.max(0, fromHeight - 1);
  const chain = await HeaderChain.endingAt(node, rules, {
    height: before,
    hash: await node.blockHash(before),
  });
  while (chain.position.height < to.height) {
    const { height } = chain.position;
    const headers = await node.headers(height + 1, Math.min(HEADERS_AT_ONCE, to.height - height));
    if (headers.length === 0) break;
    let from = chain.position;
    for (const header of headers) chain.append(header, clock.nowMs());
    for await (const { header, bytes } of feedBlocks(node, headers)) {
      const matches = await matchBlock(bytes, header, watch);
      const block = { height: from.height + 1, hash: header.hash };
      if (matches.length > 0) await handle({ kind: 'connected', from, to: block, header, matches });
      from = block;
    }
  }
  if (chain.position.hash !== to.hash) {
    throw new ChainError('follower_position_moved', 'The chain changed while it was looked through again.', {
      retryable: true,
    });
  }
}
