import type { Database } from '../database/index.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import type { Clock } from '../shared/index.ts';

/** What the use cases of transfers need. */
export interface TransferParts {
  readonly database: Database;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
}
