import { auditEntrySchema, type ExportedEntry } from './audit-contract.ts';
import { AuditError } from './errors.ts';
import type { SealedEntry } from './sealed-entries.ts';

/** What is stored, as it is given out. @throws AuditError `audit_entry_damaged` when it is no entry at all. */
export function exportedEntry(sealed: SealedEntry): ExportedEntry {
  const { position, sealedAt, previousHash, hash, content } = sealed;
  try {
    const entry = auditEntrySchema.parse(JSON.parse(content));
    return { position: position.toString(), sealedAt, previousHash, hash, entry };
  } catch (cause) {
    throw new AuditError('audit_entry_damaged', 'What is stored here is no entry of the log.', {
      details: { position: position.toString() },
      cause,
    });
  }
}
