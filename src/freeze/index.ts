export { FreezeError, type FreezeErrorCode } from './errors.ts';
export type { FreezeParts, FreezingSigner } from './freeze-parts.ts';
export { requireAllowed, restrictedAmong } from './require-allowed.ts';
export { freezeErrorMap, restrictionRoutes } from './restriction-routes.ts';
export { settleRestrictions } from './settle-restrictions.ts';
