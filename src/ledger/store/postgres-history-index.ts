import { LedgerError } from '../errors.ts';
import type { BatchIndexEntries, HistoryIndex, HistoryPage, PlacedRecord } from './history-index.ts';
import type { PostgresConnection } from './postgres-connection.ts';

const ID_BYTES = 16;

interface RecordRow {
  readonly sequence: bigint;
  readonly position: bigint;
  readonly time_ms: bigint;
  readonly bytes: Buffer;
}

const INSERT_IDS = `
INSERT INTO ledger.transfer_index (id, position, sequence)
SELECT substring($1::bytea FROM (n::integer - 1) * ${ID_BYTES} + 1 FOR ${ID_BYTES}), position, $2
FROM unnest($3::bigint[]) WITH ORDINALITY AS entry (position, n)`;

const INSERT_ACCOUNTS = `
INSERT INTO ledger.account_index (account, position, sequence)
SELECT substring($1::bytea FROM (n::integer - 1) * ${ID_BYTES} + 1 FOR ${ID_BYTES}), position, $2
FROM unnest($3::bigint[]) WITH ORDINALITY AS entry (position, n)`;

/** Cuts one record out of its batch: out of line and uncompressed, so only its own piece is read. */
const RECORD_COLUMNS = `entry.sequence, entry.position, batch.time_ms,
  substring(batch.records FROM (entry.position - batch.first_position)::integer * 128 + 1 FOR 128) AS bytes`;

const FIND = `
SELECT wanted.n, ${RECORD_COLUMNS}
FROM unnest($1::bytea[]) WITH ORDINALITY AS wanted (id, n)
JOIN ledger.transfer_index entry USING (id)
JOIN ledger.batch ON batch.sequence = entry.sequence`;

/** The page is cut from the index alone, before any record is read. Logged time never goes back. */
function historyStatement(comparison: '<' | '>', order: 'ASC' | 'DESC'): string {
  return `
WITH entry AS MATERIALIZED (
  SELECT position, sequence FROM ledger.account_index
  WHERE account = $1 AND position ${comparison} $2
    AND ($3::bigint = 0 OR position >= coalesce(
      (SELECT first_position FROM ledger.batch WHERE time_ms >= $3 ORDER BY time_ms, sequence LIMIT 1),
      9223372036854775807))
    AND ($4::bigint = 0 OR position < coalesce(
      (SELECT first_position + record_count FROM ledger.batch WHERE time_ms <= $4
       ORDER BY time_ms DESC, sequence DESC LIMIT 1),
      0))
  ORDER BY position ${order} LIMIT $5
)
SELECT ${RECORD_COLUMNS} FROM entry JOIN ledger.batch USING (sequence) ORDER BY position ${order}`;
}

const HISTORY = {
  oldestFirst: historyStatement('>', 'ASC'),
  newestFirst: historyStatement('<', 'DESC'),
};

/** The plain index: a row per id and a row per account and movement. */
export class PostgresHistoryIndex implements HistoryIndex {
  readonly #reads: PostgresConnection;
  readonly #writes: PostgresConnection;

  constructor(reads: PostgresConnection, writes: PostgresConnection) {
    this.#reads = reads;
    this.#writes = writes;
  }

  async position(): Promise<number> {
    const result = await this.#reads.query<{ sequence: bigint }>({
      text: 'SELECT sequence FROM ledger.index_position WHERE singleton',
    });
    const row = result.rows[0];
    if (row === undefined) throw new LedgerError('ledger_log_broken', 'The ledger’s index has no position.');
    return Number(row.sequence);
  }

  async extend(after: number, batches: readonly BatchIndexEntries[]): Promise<boolean> {
    const last = batches.at(-1);
    if (last === undefined) return true;
    let moved = false;
    await this.#writes.transaction(async (client) => {
      const claim = await client.query(
        'UPDATE ledger.index_position SET sequence = $2 WHERE singleton AND sequence = $1',
        [after, last.sequence],
      );
      moved = claim.rowCount === 1;
      if (!moved) return;
      for (const { sequence, ids, idPositions, accounts, accountPositions, digests } of batches) {
        await client.query(INSERT_IDS, [asBuffer(ids), sequence, idPositions]);
        await client.query(INSERT_ACCOUNTS, [asBuffer(accounts), sequence, accountPositions]);
        await client.query('INSERT INTO ledger.batch_digest (sequence, digests) VALUES ($1, $2)', [
          sequence,
          asBuffer(digests),
        ]);
      }
    });
    return moved;
  }

  async find(ids: readonly Uint8Array[]): Promise<readonly (PlacedRecord | undefined)[]> {
    if (ids.length === 0) return [];
    const result = await this.#reads.query<RecordRow & { n: bigint }>({
      name: 'ledger-find-ids',
      text: FIND,
      values: [ids.map(asBuffer)],
    });
    const found = new Array<PlacedRecord | undefined>(ids.length).fill(undefined);
    for (const row of result.rows) found[Number(row.n) - 1] = placedRecord(row);
    return found;
  }

  async history(account: Uint8Array, page: HistoryPage): Promise<readonly PlacedRecord[]> {
    const { newestFirst, fromTimeMs, toTimeMs, limit } = page;
    const edge = newestFirst ? Number.MAX_SAFE_INTEGER : -1;
    const result = await this.#reads.query<RecordRow>({
      name: newestFirst ? 'ledger-history-newest' : 'ledger-history-oldest',
      text: newestFirst ? HISTORY.newestFirst : HISTORY.oldestFirst,
      values: [asBuffer(account), page.afterPosition ?? edge, fromTimeMs, toTimeMs, limit],
    });
    return result.rows.map(placedRecord);
  }

  async digests(sequence: number): Promise<Uint8Array | undefined> {
    const result = await this.#reads.query<{ digests: Buffer }>({
      name: 'ledger-read-digests',
      text: 'SELECT digests FROM ledger.batch_digest WHERE sequence = $1',
      values: [sequence],
    });
    return result.rows[0]?.digests;
  }
}

function placedRecord(row: RecordRow): PlacedRecord {
  return {
    sequence: Number(row.sequence),
    position: Number(row.position),
    timeMs: Number(row.time_ms),
    bytes: row.bytes,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
