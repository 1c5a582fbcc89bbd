import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './errors.ts';
import type { Pool, PoolClient } from './pool.ts';

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

export interface TransactionOptions {
  /** Default `read committed`. */
  readonly isolation?: IsolationLevel;
  readonly readOnly?: boolean;
  /**
   * How often `work` is run again after the database refused it for the sake of others (serialization failure
   * 40001, deadlock 40P01). Default 0: `work` must have no effect outside the transaction to be repeatable.
   */
  readonly retries?: number;
  /** For this transaction only. */
  readonly statementTimeoutMs?: number;
}

const MAY_BE_REPEATED = new Set(['40001', '40P01']);
const FIRST_PAUSE_MS = 5;

/**
 * Runs `work` in one transaction: commits when it resolves, rolls back when it throws, and throws what it
 * threw. An error during COMMIT leaves open whether it took effect, and is therefore never repeated unless the
 * server itself said that it was rolled back.
 */
export async function withTransaction<T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await runOnce(pool, work, options);
    } catch (error) {
      const repeatable = MAY_BE_REPEATED.has(errorCode(error) ?? '');
      if (!repeatable || attempt >= (options.retries ?? 0)) throw error;
      // Spread out, so that two that collided do not collide again.
      await sleep(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 6) * (0.5 + Math.random()));
    }
  }
}

async function runOnce<T>(
  pool: Pool,
  work: (tx: PoolClient) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(beginStatement(options));
    const result = await work(client);
    await commit(client);
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error(String(failure));
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

function beginStatement(options: TransactionOptions): string {
  const access = options.readOnly === true ? ' READ ONLY' : '';
  const begin = `BEGIN ISOLATION LEVEL ${(options.isolation ?? 'read committed').toUpperCase()}${access}`;
  return options.statementTimeoutMs === undefined
    ? begin
    : `${begin}; SET LOCAL statement_timeout = ${Math.ceil(options.statementTimeoutMs)}`;
}

/** PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error; that must not pass for success. */
async function commit(client: PoolClient): Promise<void> {
  const { command } = await client.query('COMMIT');
  if (command !== 'COMMIT') throw new Error('The transaction had failed before and was rolled back.');
}
