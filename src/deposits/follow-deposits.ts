import { ChainFollower, PrismaFollowerStore, type BlockPosition, type ChainNode } from '../chain/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { isDomainError, type Clock } from '../shared/index.ts';
import { markFound, WatchedScripts, type GivenAddress } from '../wallets/index.ts';
import { handleChainStep, UngivenAddressesPaid } from './chain-handler.ts';
import { noteFailed, noteFollowed } from './chain-hold.ts';
import { searchAgain } from './search-again.ts';
import { startBlock } from './start-block.ts';

/** The name of the worker's position on the chain. */
export const WORKER_FOLLOWER = 'worker';

export interface FollowingParts {
  readonly database: Database;
  readonly node: ChainNode;
  readonly network: NetworkName;
  readonly clock: Clock;
  /**
   * Where a new follower begins: below the first payment to any address. Kept from then on; a lower one makes it
   * search the blocks between, a higher one is refused. Default: the first block, except on mainnet.
   */
  readonly startHeight?: number | undefined;
  /** Default {@link WORKER_FOLLOWER}. */
  readonly name?: string;
}

/** Follows the chain into coins and deposits. */
export class DepositFollower {
  readonly #parts: FollowingParts;
  readonly #name: string;
  readonly #watched: WatchedScripts;
  #follower: ChainFollower<DatabaseTransaction> | undefined;

  constructor(following: FollowingParts) {
    this.#parts = following;
    this.#name = following.name ?? WORKER_FOLLOWER;
    this.#watched = new WatchedScripts(following.database);
  }

  /** Of the worker's last step; `undefined` before the first `poll`. */
  get position(): BlockPosition | undefined {
    return this.#follower?.position;
  }

  /**
   * Takes every block up to the node's tip, and searches earlier ones again when somebody has asked for it. An
   * address that is added while a block is searched makes it search that block again. What it ends in decides
   * whether credits and payouts go on (`readChainHold`). @throws as `ChainFollower.poll` does; ChainError
   * `start_height_refused`. @returns the number of steps.
   */
  async poll(): Promise<number> {
    const { database, clock } = this.#parts;
    try {
      const steps = await this.#withNewAddresses(async () => {
        this.#follower ??= await this.#begin();
        return (await this.#follower.poll()).steps;
      });
      await this.#withNewAddresses(() => this.#searchAgain());
      await noteFollowed(database, clock, this.#name);
      return steps;
    } catch (thrown) {
      await noteFailed(database, clock, this.#name, thrown);
      throw thrown;
    }
  }

  async #begin(): Promise<ChainFollower<DatabaseTransaction>> {
    const { database, network, node, clock } = this.#parts;
    const startAt = await startBlock(this.#parts, this.#name);
    const parts = { clock, watched: this.#watched };
    return new ChainFollower({
      ...{ name: this.#name, network, node, clock },
      store: new PrismaFollowerStore(database),
      watch: this.#watched.list,
      handle: (step, tx) => handleChainStep(parts, step, tx),
      ...(startAt === undefined ? {} : { startAt }),
    });
  }

  #searchAgain(): Promise<void> {
    return searchAgain({ ...this.#parts, name: this.#name, watched: this.#watched });
  }

  async #withNewAddresses<T>(search: () => Promise<T>): Promise<T> {
    for (;;) {
      await this.#watched.refresh();
      try {
        return await search();
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
