export { runLedger, type LedgerConfig, type RunningLedger } from './server/run-ledger.ts';
export { verifyLedgerDatabase, type VerifyDatabaseOptions } from './verify/verify-database.ts';
export type { LedgerFinding, TrustedBatch, VerifyReport } from './verify/verify-ledger.ts';
