import { ChainFollower, PrismaFollowerStore, type BlockPosition, type ChainNode } from '../chain/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { isDomainError, type Clock } from '../shared/index.ts';
import { markFound, WatchedScripts, type GivenAddress } from '../wallets/index.ts';
import { handleChainStep, UngivenAddressesPaid } from './chain-handler.ts';

/** The name of the worker's position on the chain. */
export const WORKER_FOLLOWER = 'worker';

export interface FollowingParts {
  readonly database: Database;
  readonly node: ChainNode;
  readonly network: NetworkName;
  readonly clock: Clock;
  /** Where a new follower begins: before the first address was given out. Default: the first block. */
  readonly startAt?: BlockPosition;
  /** Default {@link WORKER_FOLLOWER}. */
  readonly name?: string;
}

/** Follows the chain into coins and deposits. */
export class DepositFollower {
  readonly #parts: FollowingParts;
  readonly #watched: WatchedScripts;
  readonly #follower: ChainFollower<DatabaseTransaction>;

  constructor(following: FollowingParts) {
    const { database, node, network, clock, startAt, name = WORKER_FOLLOWER } = following;
    this.#parts = following;
    this.#watched = new WatchedScripts(database);
    const parts = { clock, watched: this.#watched };
    this.#follower = new ChainFollower({
      ...{ name, network, node, clock },
      store: new PrismaFollowerStore(database),
      watch: this.#watched.list,
      handle: (step, tx) => handleChainStep(parts, step, tx),
      ...(startAt === undefined ? {} : { startAt }),
    });
  }

  /** Of the worker's last step; `undefined` before the first `poll`. */
  get position(): BlockPosition | undefined {
    return this.#follower.position;
  }

  /**
   * Takes every block up to the node's tip. An address that is added while a block is searched makes it search that
   * block again. @throws as `ChainFollower.poll` does. @returns the number of steps.
   */
  async poll(): Promise<number> {
    for (;;) {
      await this.#watched.refresh();
      try {
        return (await this.#follower.poll()).steps;
      } catch (thrown) {
        if (thrown instanceof UngivenAddressesPaid) await this.#note(thrown.addresses);
        else if (!isDomainError(thrown) || thrown.code !== 'wallet_changed_meanwhile') throw thrown;
      }
    }
  }

  async #note(addresses: readonly GivenAddress[]): Promise<void> {
    const { database, clock } = this.#parts;
    const now = new Date(clock.nowMs());
    for (const address of addresses) await inTransaction(database, (tx) => markFound(tx, address, now));
  }
}
