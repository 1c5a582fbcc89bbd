import type { PostgresConfig } from '../../postgres/index.ts';
import { openPostgresStores } from '../store/postgres-stores.ts';
import { verifyLedger, type TrustedBatch, type VerifyReport } from './verify-ledger.ts';

export interface VerifyDatabaseOptions {
  /** The ledger's own database role, or any that may read its tables. */
  readonly database: PostgresConfig;
  /** Default 0. */
  readonly partition?: number;
  /** Batches that were noted down elsewhere. */
  readonly trusted?: readonly TrustedBatch[];
}

const QUERY_TIMEOUT_MS = 60_000;

/**
 * What `trilock ledger verify` does: reads and replays the whole log of a database, also while the ledger runs.
 * @throws LedgerError `ledger_store_unavailable`.
 */
export async function verifyLedgerDatabase(options: VerifyDatabaseOptions): Promise<VerifyReport> {
  const { database, partition = 0, trusted = [] } = options;
  const stores = openPostgresStores({ database, queryTimeoutMs: QUERY_TIMEOUT_MS, requireFsync: false });
  try {
    return await verifyLedger({ ...stores, partition, trusted });
  } finally {
    await stores.close();
  }
}
