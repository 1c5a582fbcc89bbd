export { appendAudit } from './append-audit.ts';
export { AUDIT_STREAM, readAuditHead, verifyAudit } from './audit-chain.ts';
export type { AuditActor, AuditEntry, AuditEntryId, AuthenticationStrength } from './audit-entry.ts';
export { AuditError, type AuditErrorCode } from './errors.ts';
export { actorOf, strengthOf } from './caller.ts';
