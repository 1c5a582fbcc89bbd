import type { CheckpointHead, CheckpointStore } from './checkpoint-store.ts';
import type { PostgresConnection } from './postgres-connection.ts';

/** A state may exceed what one bytea holds (1 GB) and what a process wants to hold twice. */
const PART_BYTES = 4 << 20;

interface HeadRow {
  readonly sequence: bigint;
  readonly batch_hash: Buffer;
  readonly checkpoint_hash: Buffer;
  readonly byte_length: bigint;
}

/** Checkpoints in PostgreSQL: the head is visible only together with all its parts. */
export class PostgresCheckpointStore implements CheckpointStore {
  readonly #connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  async listCheckpoints(): Promise<readonly CheckpointHead[]> {
    const result = await this.#connection.query<HeadRow>({
      text: `SELECT sequence, batch_hash, checkpoint_hash, byte_length FROM ledger.checkpoint ORDER BY sequence DESC`,
    });
    return result.rows.map((row) => ({
      sequence: Number(row.sequence),
      batchHash: row.batch_hash,
      checkpointHash: row.checkpoint_hash,
      byteLength: Number(row.byte_length),
    }));
  }

  async readCheckpoint(sequence: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for (;;) {
      const result = await this.#connection.query<{ bytes: Buffer }>({
        text: 'SELECT bytes FROM ledger.checkpoint_part WHERE sequence = $1 AND part = $2',
        values: [sequence, parts.length],
      });
      const bytes = result.rows[0]?.bytes;
      if (bytes === undefined) return Buffer.concat(parts);
      parts.push(bytes);
    }
  }

  async writeCheckpoint(head: CheckpointHead, state: Uint8Array): Promise<void> {
    await this.#connection.transaction(async (client) => {
      const inserted = await client.query(
        `INSERT INTO ledger.checkpoint (sequence, batch_hash, checkpoint_hash, byte_length)
         VALUES ($1, $2, $3, $4) ON CONFLICT (sequence) DO NOTHING`,
        [head.sequence, Buffer.from(head.batchHash), Buffer.from(head.checkpointHash), head.byteLength],
      );
      if (inserted.rowCount === 0) return;
      for (let part = 0; part * PART_BYTES < state.byteLength; part++) {
        const from = state.byteOffset + part * PART_BYTES;
        const length = Math.min(PART_BYTES, state.byteLength - part * PART_BYTES);
        await client.query('INSERT INTO ledger.checkpoint_part (sequence, part, bytes) VALUES ($1, $2, $3)', [
          head.sequence,
          part,
          Buffer.from(state.buffer, from, length),
        ]);
      }
    });
  }

  async pruneCheckpoints(keep: number): Promise<void> {
    await this.#connection.query({
      text: `DELETE FROM ledger.checkpoint WHERE sequence NOT IN
             (SELECT sequence FROM ledger.checkpoint ORDER BY sequence DESC LIMIT $1)`,
      values: [keep],
    });
  }
}
