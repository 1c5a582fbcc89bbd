export { LockError, type LockErrorCode } from './errors.ts';
export { registerLockMetrics } from './lock-metrics.ts';
export type { LockParts, LockSigner, LockStepParts, RecoveryParts } from './lock-parts.ts';
export { stepLockRecoveries, type RecoveryStepParts } from './lock-recovery-jobs.ts';
export { lockRecoveryRoutes } from './lock-recovery-routes.ts';
export { lockErrorMap, lockRoutes } from './lock-routes.ts';
export { stepMasterLocks } from './master-lock-jobs.ts';
