import type { PostgresConfig } from '../../postgres/index.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { HistoryIndex } from './history-index.ts';
import { PostgresCheckpointStore } from './postgres-checkpoint-store.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { PostgresHistoryIndex } from './postgres-history-index.ts';
import { PostgresLogStore } from './postgres-log-store.ts';
import type { LogStore } from './log-store.ts';

export interface PostgresStoresOptions {
  /** The ledger's own database role. */
  readonly database: PostgresConfig;
  readonly queryTimeoutMs: number;
  readonly requireFsync: boolean;
}

export interface LedgerStores {
  readonly store: LogStore;
  readonly checkpoints: CheckpointStore;
  readonly index: HistoryIndex;
  close(): Promise<void>;
}

/** Everything the ledger keeps in PostgreSQL. Connections are opened when needed. */
export function openPostgresStores(options: PostgresStoresOptions): LedgerStores {
  const { database, queryTimeoutMs } = options;
  const connection = (applicationName: string): PostgresConnection =>
    new PostgresConnection({ database, queryTimeoutMs, applicationName });
  const log = new PostgresLogStore(options);
  const indexReads = connection('trilock-ledger-history');
  const indexWrites = new PostgresConnection({
    database,
    queryTimeoutMs,
    applicationName: 'trilock-ledger-index',
    // What a crash takes from the index it takes from its position too, and the follower writes it again. So
    // it need not compete with the log for the disk.
    prepare: async (client) => {
      await client.query('SET synchronous_commit = off');
    },
  });
  const checkpoints = connection('trilock-ledger-checkpoint');
  return {
    store: log,
    checkpoints: new PostgresCheckpointStore(checkpoints),
    index: new PostgresHistoryIndex(indexReads, indexWrites),
    close: async () => {
      await Promise.all([log.close(), indexReads.close(), indexWrites.close(), checkpoints.close()]);
    },
  };
}
