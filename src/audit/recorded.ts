import type { Database, DatabaseTransaction } from '../database/index.ts';
import type { JsonValue } from '../shared/index.ts';

/**
 * What the entries of one entity and action say came after, oldest first. The login role of the application can only
 * add entries, so one that is there was not changed by it; whether a superuser changed it says `verifyAudit`.
 */
export async function recordedAfter(
  tables: Database | DatabaseTransaction,
  entity: string,
  action: string,
): Promise<readonly JsonValue[]> {
  const rows = await tables.auditEntry.findMany({
    where: { entity, action },
    orderBy: [{ occurredAt: 'asc' }, { id: 'asc' }],
    select: { content: true },
  });
  return rows.map(({ content }) => (JSON.parse(content) as { readonly after?: JsonValue }).after ?? null);
}
