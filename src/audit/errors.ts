import { DomainError } from '../shared/index.ts';

export type AuditErrorCode = 'audit_entry_too_large' | 'audit_entry_invalid' | 'audit_entry_damaged';

export class AuditError extends DomainError<AuditErrorCode> {}
