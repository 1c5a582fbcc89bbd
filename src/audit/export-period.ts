import { inTransaction, type Database } from '../database/index.ts';
import { exportHeading, exportLine, type ExportFormat } from './export-contract.ts';
import { exportedEntry } from './exported-entry.ts';
import { sealedAfter, type AuditPeriod } from './sealed-entries.ts';

const PAGE = 500;

/**
 * The entries of a period as text, a page at a time, however many there are. Each is given out as it stands; whether
 * it stands rightly, `verifyAudit` says. @throws AuditError `audit_entry_damaged`.
 */
export async function* exportPeriod(
  database: Database,
  period: AuditPeriod,
  format: ExportFormat,
): AsyncGenerator<string> {
  yield exportHeading(format);
  for (let after = 0n; ;) {
    const start = after;
    const entries = await inTransaction(database, (tx) => sealedAfter(tx, start, PAGE, period));
    for (const sealed of entries) yield exportLine(format, exportedEntry(sealed));
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return;
    after = last.position;
  }
}
