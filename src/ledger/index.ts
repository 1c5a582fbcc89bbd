export { runLedger, type LedgerConfig, type RunningLedger } from './server/run-ledger.ts';
