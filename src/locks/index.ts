export { LockError, type LockErrorCode } from './errors.ts';
export { registerLockMetrics } from './lock-metrics.ts';
export type { LockParts, LockSigner, LockStepParts } from './lock-parts.ts';
export { lockErrorMap, lockRoutes } from './lock-routes.ts';
export { stepMasterLocks } from './master-lock-jobs.ts';
