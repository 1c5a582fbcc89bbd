import type { NetworkName } from '../bitcoin/index.ts';
import { ChainError, type BlockPosition, type ChainNode } from '../chain/index.ts';
import type { Database } from '../database/index.ts';
import { requestSearch } from './search-again.ts';

export interface StartingParts {
  readonly database: Database;
  readonly node: ChainNode;
  readonly network: NetworkName;
  /** As the settings have it; `undefined` when they say nothing. */
  readonly startHeight?: number | undefined;
}

/** No reorganisation that is followed reaches deeper, so the block to begin with is never undone. */
const SETTLED_BLOCKS = 144;

function refused(text: string, details: Readonly<Record<string, number | string>>): ChainError {
  return new ChainError('start_height_refused', text, { details });
}

/** The block to begin with, looked up and checked; later starts of the worker keep to it. */
async function firstStart(
  { database, node, network }: StartingParts,
  height: number,
): Promise<BlockPosition> {
  const tip = await node.tip();
  if (height > 0 && tip.height - height < SETTLED_BLOCKS) {
    throw refused('The start height must lie 144 blocks or more below the tip.', { height, tip: tip.height });
  }
  const hash = await node.blockHash(height);
  const { header } = await node.header(hash);
  const first = await database.wallet.findFirst({ where: { network }, orderBy: { createdAt: 'asc' } });
  if (first !== null && height > 0 && header.time * 1000 > first.createdAt.getTime()) {
    throw refused('There are wallets that are older than the block to start from.', {
      height,
      walletCreatedAt: first.createdAt.toISOString(),
    });
  }
  return { height, hash };
}

/**
 * Where to begin, or `undefined` when following goes on where it was. A lower height than it began with has the
 * blocks between searched. @throws ChainError `start_height_refused`: none is given on mainnet; it is too high, or
 * higher than following began with; those of the way to the node.
 */
export async function startBlock(parts: StartingParts, name: string): Promise<BlockPosition | undefined> {
  const { database, network, startHeight } = parts;
  const row = await database.chainFollower.findUnique({ where: { name } });
  if (row !== null) {
    if (startHeight === undefined || startHeight === row.startHeight) return undefined;
    if (startHeight > row.startHeight) {
      throw refused('The chain is followed from an earlier block already; deposits would be left out.', {
        height: startHeight,
        since: row.startHeight,
      });
    }
    await requestSearch(database, name, startHeight);
    return undefined;
  }
  if (startHeight === undefined && network === 'mainnet') {
    throw refused('On mainnet a start height must be given: a block below the first payment to any wallet.', {
      network,
    });
  }
  return firstStart(parts, startHeight ?? 0);
}
