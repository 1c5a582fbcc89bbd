export { controlErrorMap, type ControlErrorCode } from './errors.ts';
export { settleKeyRotations } from './key-rotations.ts';
export { rotationRoutes } from './rotation-routes.ts';
export { staffRoutes } from './staff-routes.ts';
export { settleStaffChanges } from './staff-changes.ts';
export { webhookChangeRoutes } from './webhook-change-routes.ts';
export { settleWebhookChanges } from './webhook-changes.ts';
export { staffWatch } from './watch-staff.ts';
