export { controlErrorMap, type ControlErrorCode } from './errors.ts';
export { staffRoutes } from './staff-routes.ts';
export { settleStaffChanges } from './staff-changes.ts';
