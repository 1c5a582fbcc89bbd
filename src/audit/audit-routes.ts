import { inTransaction, type Database } from '../database/index.ts';
import { handle, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import type { Clock } from '../shared/index.ts';
import * as contract from './audit-contract.ts';
import { checkpointsBelow } from './checkpoint-store.ts';
import { exportedEntry } from './exported-entry.ts';
import { sealedAfter } from './sealed-entries.ts';

const BEGINNING = new Date(0);

/** What auditors read, and what the public may keep. */
export function auditRoutes(parts: {
  readonly database: Database;
  readonly clock: Clock;
}): readonly BoundOperation[] {
  const { database, clock } = parts;
  return [
    handle(contract.listAuditEntries, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after = '0'] = query.after === undefined ? [] : cursors.decode(query.after);
      const period = { from: query.from ?? BEGINNING, to: query.to ?? new Date(clock.nowMs()) };
      const found = await inTransaction(database, (tx) => sealedAfter(tx, BigInt(after), limit + 1, period));
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const nextCursor =
        found.length > limit && last !== undefined ? cursors.encode([last.position.toString()]) : null;
      return { status: 200, body: { items: shown.map(exportedEntry), nextCursor } };
    }),
    handle(contract.listAuditCheckpoints, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [below] = query.after === undefined ? [] : cursors.decode(query.after);
      const from = below === undefined ? null : BigInt(below);
      const found = await inTransaction(database, (tx) => checkpointsBelow(tx, from, limit + 1));
      const shown = found.slice(0, limit);
      const last = shown.at(-1)?.statement.position;
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last]) : null;
      return { status: 200, body: { items: shown, nextCursor } };
    }),
  ];
}
