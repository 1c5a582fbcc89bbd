export { TransferError, transferErrorMap, type TransferErrorCode } from './errors.ts';
export { transferRoutes } from './transfer-routes.ts';
export { hasUnfinishedTransfers } from './transfer-store.ts';
export { stepTransfers } from './transfer-jobs.ts';
export type { TransferParts } from './transfer-parts.ts';
