import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';
import { Prisma } from './generated/client.ts';
import { sqlState } from './sql-state.ts';

/** The tables inside one transaction. */
export type DatabaseTransaction = Prisma.TransactionClient;

export interface DatabaseTransactionOptions {
  /** Default `ReadCommitted`. */
  readonly isolation?: Prisma.TransactionIsolationLevel;
  /**
   * How often `work` is run again after the database refused it for the sake of others (write conflict,
   * deadlock). Default 0: `work` must have no effect outside the transaction to be repeatable.
   */
  readonly retries?: number;
  /** The whole transaction is rolled back after this time. Default 10 s. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** How long to wait for a free connection. */
const MAX_WAIT_MS = 10_000;
const FIRST_PAUSE_MS = 5;
/** Prisma: "Transaction failed due to a write conflict or a deadlock"; raw statements keep the SQLSTATE instead. */
const WRITE_CONFLICT = 'P2034';
const MAY_BE_REPEATED = new Set(['40001', '40P01']);

/** Runs `work` in one transaction: commits when it resolves, rolls back and rethrows when it throws. */
export async function inTransaction<T>(
  database: Database,
  work: (tx: DatabaseTransaction) => Promise<T>,
  options: DatabaseTransactionOptions = {},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await database.$transaction(work, {
        maxWait: MAX_WAIT_MS,
        timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        isolationLevel: options.isolation ?? 'ReadCommitted',
      });
    } catch (error) {
      if (!isWriteConflict(error) || attempt >= (options.retries ?? 0)) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 6) * (0.5 + Math.random()));
    }
  }
}

function isWriteConflict(error: unknown): boolean {
  const reported = error instanceof Prisma.PrismaClientKnownRequestError && error.code === WRITE_CONFLICT;
  return reported || MAY_BE_REPEATED.has(sqlState(error) ?? '');
}
