import type pg from 'pg';
import type { PostgresConfig } from '../../postgres/index.ts';
import { LedgerError } from '../errors.ts';
import type { LeaderSession, Lease, LogBatch, LogStore, LogTip } from './log-store.ts';
import { PostgresConnection, type PostgresConnectionOptions } from './postgres-connection.ts';
import { PostgresLeaderSession } from './postgres-leader-session.ts';

export interface PostgresLogStoreOptions {
  /** How to log in as the ledger's own database role. */
  readonly database: PostgresConfig;
  readonly queryTimeoutMs: number;
  /**
   * Whether the server must have `fsync` and `full_page_writes` on. Only a sandbox may say no;
   * `synchronous_commit` must be on in any case.
   */
  readonly requireFsync: boolean;
}

/**
 * The compare-and-append. `FOR SHARE` makes a takeover (which updates the row) wait for this statement and
 * makes this statement look again at a row that a takeover just changed. The unique sequence makes a second
 * copy of a batch whose first commit is still under way wait for it, and then insert nothing.
 */
const APPEND = `
WITH lease AS MATERIALIZED (
  SELECT epoch FROM ledger.lease WHERE singleton AND epoch = $2::bigint FOR SHARE
)
INSERT INTO ledger.batch (sequence, epoch, record_count, first_position, time_ms, header, records)
SELECT $1::bigint, lease.epoch, $3::integer, $4::bigint, $5::bigint, $6::bytea, $7::bytea
FROM lease
WHERE CASE
  WHEN $1::bigint = 1 THEN NOT EXISTS (SELECT FROM ledger.batch)
  ELSE EXISTS (
    SELECT FROM ledger.batch
    WHERE sequence = $1::bigint - 1 AND hash = substring($6::bytea FROM 65 FOR 32)
  )
END
ON CONFLICT (sequence) DO NOTHING`;

const READ_COLUMNS = 'sequence, epoch, record_count, first_position, time_ms, header, records';

interface BatchRow {
  readonly sequence: bigint;
  readonly epoch: bigint;
  readonly record_count: number;
  readonly first_position: bigint;
  readonly time_ms: bigint;
  readonly header: Buffer;
  readonly records: Buffer;
}

/** The log in PostgreSQL 15 or newer. Appends and reads have a connection each, so neither waits for the other. */
export class PostgresLogStore implements LogStore {
  readonly #options: PostgresLogStoreOptions;
  readonly #appends: PostgresConnection;
  readonly #reads: PostgresConnection;

  constructor(options: PostgresLogStoreOptions) {
    this.#options = options;
    this.#appends = new PostgresConnection({
      ...this.#connectionOptions('trilock-ledger-append'),
      prepare: (client) => assertDurableSession(client, options.requireFsync),
    });
    this.#reads = new PostgresConnection(this.#connectionOptions('trilock-ledger-read'));
  }

  #connectionOptions(applicationName: string): PostgresConnectionOptions {
    const { database, queryTimeoutMs } = this.#options;
    return { database, queryTimeoutMs, applicationName };
  }

  async assertDurable(): Promise<void> {
    await this.#appends.open();
  }

  async preparePartitions(upTo: number): Promise<void> {
    await this.#reads.query({ text: 'SELECT ledger.prepare_partitions($1)', values: [upTo] });
  }

  async append(batch: LogBatch): Promise<boolean> {
    const result = await this.#appends.query({
      name: 'ledger-append',
      text: APPEND,
      values: [
        batch.sequence,
        batch.epoch,
        batch.count,
        batch.position,
        batch.timeMs,
        asBuffer(batch.header),
        asBuffer(batch.records),
      ],
    });
    return result.rowCount === 1;
  }

  async readBatches(after: number, limit: number): Promise<readonly LogBatch[]> {
    const result = await this.#reads.query<BatchRow>({
      name: 'ledger-read-batches',
      text: `SELECT ${READ_COLUMNS} FROM ledger.batch WHERE sequence > $1 ORDER BY sequence LIMIT $2`,
      values: [after, limit],
    });
    return result.rows.map(batchFromRow);
  }

  async readTip(): Promise<LogTip> {
    const result = await this.#reads.query<{ sequence: bigint; hash: Buffer }>({
      name: 'ledger-read-tip',
      text: 'SELECT sequence, hash FROM ledger.batch ORDER BY sequence DESC LIMIT 1',
    });
    const row = result.rows[0];
    return row === undefined
      ? { sequence: 0, hash: new Uint8Array(32) }
      : { sequence: Number(row.sequence), hash: row.hash };
  }

  async readHash(sequence: number): Promise<Uint8Array | undefined> {
    const result = await this.#reads.query<{ hash: Buffer }>({
      name: 'ledger-read-hash',
      text: 'SELECT hash FROM ledger.batch WHERE sequence = $1',
      values: [sequence],
    });
    return result.rows[0]?.hash;
  }

  async readLease(): Promise<Lease> {
    const result = await this.#reads.query<{ epoch: bigint; holder: string; beat: bigint }>({
      name: 'ledger-read-lease',
      text: 'SELECT epoch, holder, beat FROM ledger.lease WHERE singleton',
    });
    const row = result.rows[0];
    if (row === undefined) {
      throw new LedgerError('ledger_log_broken', 'The ledger’s lease row is missing.');
    }
    return { epoch: Number(row.epoch), holder: row.holder, beat: Number(row.beat) };
  }

  async beat(epoch: number): Promise<boolean> {
    const result = await this.#appends.query({
      name: 'ledger-beat',
      text: 'UPDATE ledger.lease SET beat = beat + 1 WHERE singleton AND epoch = $1',
      values: [epoch],
    });
    return result.rowCount === 1;
  }

  async openSession(onLost: () => void): Promise<LeaderSession> {
    const connection = new PostgresConnection(this.#connectionOptions('trilock-ledger-leader'), onLost);
    await connection.open();
    return new PostgresLeaderSession(connection);
  }

  async close(): Promise<void> {
    await Promise.all([this.#appends.close(), this.#reads.close()]);
  }
}

async function assertDurableSession(client: pg.Client, requireFsync: boolean): Promise<void> {
  const result = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes')`,
  );
  for (const { name, setting } of result.rows) {
    const durable =
      name === 'synchronous_commit'
        ? setting === 'on' || setting === 'remote_apply'
        : setting === 'on' || !requireFsync;
    if (!durable) {
      throw new LedgerError(
        'ledger_durability_off',
        `The ledger's database runs with ${name} = ${setting}.`,
        {
          details: { name, setting },
        },
      );
    }
  }
}

function batchFromRow(row: BatchRow): LogBatch {
  return {
    sequence: Number(row.sequence),
    epoch: Number(row.epoch),
    count: row.record_count,
    position: Number(row.first_position),
    timeMs: Number(row.time_ms),
    header: row.header,
    records: row.records,
  };
}

/** The same bytes as a Buffer, which pg sends in binary form. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
