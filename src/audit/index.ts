export { appendAudit } from './append-audit.ts';
export { AUDIT_STREAM, readAuditHead, verifyAudit } from './audit-chain.ts';
export type { AuditActor, AuditEntry, AuditEntryId, AuthenticationStrength } from './audit-entry.ts';
export { auditRoutes } from './audit-routes.ts';
export { exportPeriod } from './export-period.ts';
export type { AuditPeriod } from './sealed-entries.ts';
export { takeCheckpoint, type AuditAttestor } from './take-checkpoint.ts';
export { AuditError, type AuditErrorCode } from './errors.ts';
export { actorOf, strengthOf } from './caller.ts';
