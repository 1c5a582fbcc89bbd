export { FreezeError, type FreezeErrorCode } from './errors.ts';
export type { FreezeParts, FreezingSigner } from './freeze-parts.ts';
export { lockByLink } from './lock-own-account.ts';
export { requireAllowed, restrictedAmong } from './require-allowed.ts';
export { deepFreezeRoutes } from './deep-freeze-routes.ts';
export { restrictionGuard } from './restriction-guard.ts';
export { freezeErrorMap, restrictionRoutes } from './restriction-routes.ts';
export { settleRestrictions } from './settle-restrictions.ts';
export { unlockRestriction } from './unlock-restriction.ts';
