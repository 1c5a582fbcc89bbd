import type { LeaderSession } from './log-store.ts';
import type { PostgresConnection } from './postgres-connection.ts';

/** First key of our advisory locks, so that they never meet those of other programs: "LEDG". */
const LOCK_SPACE = 0x4c454447;

/** Advisory locks have 32-bit keys; two epochs that far apart never live at once. */
function lockKey(epoch: number): number {
  return epoch % 0x7fffffff;
}

/**
 * The leader of epoch E holds the advisory lock E on its own session for as long as it lives. The lock only
 * tells a standby early that the leader is gone; what fences the old leader is the lease row.
 */
export class PostgresLeaderSession implements LeaderSession {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async leaderSessionExists(epoch: number): Promise<boolean> {
    if (epoch === 0) return false;
    if (!(await this.#tryLock(epoch))) return true;
    await this.#unlock(epoch);
    return false;
  }

  async takeOver(observedEpoch: number, holder: string): Promise<number | undefined> {
    const epoch = observedEpoch + 1;
    // Held before the lease names it, so that no third party ever sees the new epoch without its session.
    if (!(await this.#tryLock(epoch))) return undefined;
    const result = await this.#connection.query({
      text: 'UPDATE ledger.lease SET epoch = $2, holder = $3, beat = 0 WHERE singleton AND epoch = $1',
      values: [observedEpoch, epoch, holder],
    });
    if (result.rowCount === 1) return epoch;
    await this.#unlock(epoch);
    return undefined;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #tryLock(epoch: number): Promise<boolean> {
    const result = await this.#connection.query<{ locked: boolean }>({
      text: 'SELECT pg_try_advisory_lock($1, $2) AS locked',
      values: [LOCK_SPACE, lockKey(epoch)],
    });
    return result.rows[0]?.locked === true;
  }

  async #unlock(epoch: number): Promise<void> {
    await this.#connection.query({
      text: 'SELECT pg_advisory_unlock($1, $2)',
      values: [LOCK_SPACE, lockKey(epoch)],
    });
  }
}
