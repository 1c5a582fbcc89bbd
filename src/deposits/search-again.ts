import { rescan, type ChainNode } from '../chain/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';
import { inTransaction, type Database } from '../database/index.ts';
import type { Clock } from '../shared/index.ts';
import type { WatchedScripts } from '../wallets/index.ts';
import { handleChainStep } from './chain-handler.ts';
import { DepositError } from './errors.ts';

export interface SearchingParts {
  readonly database: Database;
  readonly node: ChainNode;
  readonly network: NetworkName;
  readonly clock: Clock;
  /** Of the follower. */
  readonly name: string;
  readonly watched: WatchedScripts;
}

/**
 * Asks for the blocks from a height on to be searched again, for a wallet that was restored or used before it was
 * watched. The worker does it between two looks at the tip; what it knows already is not credited again.
 * @throws DepositError `chain_not_followed`, `height_not_followed` when the follower does not stand that high.
 */
export async function requestSearch(database: Database, name: string, fromHeight: number): Promise<void> {
  const row = await database.chainFollower.findUnique({ where: { name } });
  if (row === null) throw new DepositError('chain_not_followed', 'The chain was never followed yet.');
  if (fromHeight > row.height) {
    throw new DepositError('height_not_followed', 'The chain was not followed up to this height.', {
      details: { height: row.height },
    });
  }
  // The lower of two requests; what is being searched at the moment is then searched once more.
  await database.$executeRaw`
    UPDATE app.chain_follower SET rescan_from = least(coalesce(rescan_from, ${fromHeight}), ${fromHeight})
    WHERE name = ${name}`;
}

/**
 * Searches what was asked for, up to where the follower stands. Nobody else may move the follower meanwhile, else
 * a coin that is found could be spent unseen: then it is searched anew from there. @throws as `rescan` does.
 */
export async function searchAgain(parts: SearchingParts): Promise<void> {
  const { database, node, network, clock, name, watched } = parts;
  const row = await database.chainFollower.findUnique({ where: { name } });
  if (row === null || row.rescanFrom === null) return;
  const { height, hash, rescanFrom } = row;
  // The first block has nothing that anybody could spend.
  const fromHeight = Math.max(1, rescanFrom);
  const handler = { clock, watched };
  await rescan({
    ...{ node, network, clock, watch: watched.list, fromHeight, to: { height, hash } },
    handle: (step) => inTransaction(database, (tx) => handleChainStep(handler, step, tx)),
  });
  const startHeight = Math.min(row.startHeight, rescanFrom);
  await database.chainFollower.updateMany({
    where: { name, height, hash, rescanFrom },
    data: { rescanFrom: null, startHeight },
  });
}
