import type { Database } from '../database/index.ts';
import { handle, type BoundOperation } from '../http/index.ts';
import { getRestrictionHistory } from './history-contract.ts';
import { findRestriction } from './restriction-store.ts';

interface Entry {
  readonly strength: string;
  readonly reason: string | null;
}

/** What happened to a restriction, over HTTP. */
export function historyRoutes({ database }: { readonly database: Database }): readonly BoundOperation[] {
  return [
    handle(getRestrictionHistory, async ({ params }) => {
      const { id } = await findRestriction(database, params.restrictionId);
      const rows = await database.auditEntry.findMany({ where: { entity: id }, orderBy: { id: 'asc' } });
      const items = rows.map(({ occurredAt: at, actor, action, content }) => {
        const { strength, reason } = JSON.parse(content) as Entry;
        return { at, actor, action, strength, reason };
      });
      return { status: 200, body: { items } };
    }),
  ];
}
