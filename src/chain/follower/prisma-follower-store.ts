import { inTransaction, type Database, type DatabaseTransaction } from '../../database/index.ts';
import type { BlockPosition } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import type { FollowerRecord, FollowerStore, PositionChange } from './follower-store.ts';

/** A transaction of a follower may hold fifty blocks' worth of what its handler stores. */
const TRANSACTION_TIMEOUT_MS = 60_000;

function moved(): ChainError {
  return new ChainError('follower_position_moved', 'Another process follows the chain under the same name.', {
    retryable: true,
  });
}

async function move(
  tx: DatabaseTransaction,
  name: string,
  expected: BlockPosition | undefined,
  next: BlockPosition,
): Promise<void> {
  const count =
    expected === undefined
      ? (
          await tx.chainFollower.createMany({
            data: { name, ...next, startHeight: next.height },
            skipDuplicates: true,
          })
        ).count
      : (await tx.chainFollower.updateMany({ where: { name, ...expected }, data: next })).count;
  if (count !== 1) throw moved();
}

/** Positions in the application's database. */
export class PrismaFollowerStore implements FollowerStore<DatabaseTransaction> {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(name: string): Promise<FollowerRecord | undefined> {
    const follower = await this.#database.chainFollower.findUnique({
      where: { name },
      include: { blocks: { orderBy: { height: 'asc' } } },
    });
    if (follower === null) return undefined;
    const recent = follower.blocks.map(({ height, header }) => ({ height, header }));
    return { position: { height: follower.height, hash: follower.hash }, recent };
  }

  async commit(
    name: string,
    change: PositionChange,
    handle: (tx: DatabaseTransaction) => Promise<void>,
  ): Promise<void> {
    await inTransaction(
      this.#database,
      async (tx) => {
        // First, so that a second process under the same name waits here and then finds the position moved.
        await move(tx, name, change.expected, change.next);
        await tx.chainFollowerBlock.deleteMany({
          where: {
            followerName: name,
            OR: [{ height: { gt: change.forgetAbove } }, { height: { lt: change.forgetBelow } }],
          },
        });
        await tx.chainFollowerBlock.createMany({
          data: change.remember.map(({ height, header }) => ({
            followerName: name,
            height,
            header: Uint8Array.from(header),
          })),
        });
        await handle(tx);
      },
      { timeoutMs: TRANSACTION_TIMEOUT_MS },
    );
  }
}
