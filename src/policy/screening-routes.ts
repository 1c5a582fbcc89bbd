import { requestActor } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { isIdOf, parseId } from '../shared/index.ts';
import type { ListParts } from './lists-routes.ts';
import * as contract from './screening-contract.ts';
import { listHits, settleHit } from './screening-hits.ts';

/** What was found when past payments were compared with the lists, for staff. */
export function screeningRoutes({
  database,
  clock,
}: Pick<ListParts, 'database' | 'clock'>): readonly BoundOperation[] {
  return [
    handle(contract.listScreeningHits, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [cursor] = query.after === undefined ? [] : cursors.decode(query.after);
      const after = cursor !== undefined && isIdOf('screeningHit', cursor) ? cursor : null;
      const isSettled = query.state === undefined ? null : query.state === 'settled';
      const page = { isSettled, customer: query.customer ?? null, after, limit: limit + 1 };
      const found = await listHits(database, page);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items, nextCursor } };
    }),
    handleOnce(contract.settleScreeningHit, async (request, effect) => {
      const staff = parseId('staff', request.principal.id);
      const settlement = { id: request.params.hitId, reason: request.body.reason, staff };
      return await effect.commit(async (tx) => ({
        status: 201,
        body: await settleHit(tx, clock, settlement, requestActor(request)),
      }));
    }),
  ];
}
