import { canonicalJson, type JsonValue } from '../shared/index.ts';
import type { ExportedEntry } from './audit-contract.ts';

// How an export looks, the same from the database and from the API.

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const COLUMNS = [
  'position',
  'sealedAt',
  'id',
  'occurredAt',
  'actor',
  'strength',
  'action',
  'entity',
  'requestId',
  'reason',
  'before',
  'after',
  'previousHash',
  'hash',
] as const;

/** A spreadsheet takes a cell that begins so for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180; what would be a formula is kept from being one by an apostrophe. */
function csvCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : canonicalJson(value as JsonValue);
}

/** The first line of a file; none in JSON lines. */
export function exportHeading(format: ExportFormat): string {
  return format === 'csv' ? `${COLUMNS.join(',')}\r\n` : '';
}

/**
 * One entry as one line, the line's end included. JSON lines hold all that is needed to hash the entry again: the
 * content is the canonical JSON (RFC 8785) of `entry`.
 */
export function exportLine(format: ExportFormat, { sealedAt, entry, ...seal }: ExportedEntry): string {
  const line = { ...seal, sealedAt: sealedAt.toISOString() };
  if (format === 'jsonl') return `${JSON.stringify({ ...line, entry })}\n`;
  const cells: Readonly<Record<string, unknown>> = { ...entry, ...line };
  return `${COLUMNS.map((name) => csvCell(cellText(cells[name]))).join(',')}\r\n`;
}
