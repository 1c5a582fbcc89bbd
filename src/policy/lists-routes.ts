import { requestActor } from '../approvals/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';
import type { Database } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { isIdOf, parseId, type Clock } from '../shared/index.ts';
import { judgeRisk, listAddress, listListed, listRisks } from './listed-addresses.ts';
import * as contract from './lists-contract.ts';

export interface ListParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly network: NetworkName;
}

/** Block-lists and judgements of compliance. */
export function listRoutes(parts: ListParts): readonly BoundOperation[] {
  const { database, clock } = parts;
  return [
    handle(contract.listListedAddresses, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [cursor] = query.after === undefined ? [] : cursors.decode(query.after);
      const after = cursor !== undefined && isIdOf('listing', cursor) ? cursor : null;
      const found = await listListed(database, { address: query.address ?? null, after, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items, nextCursor } };
    }),
    handleOnce(contract.listAddress, async (request, effect) => {
      const wish = { ...request.body, id: effect.id('listing') };
      const staff = parseId('staff', request.principal.id);
      return await effect.commit(async (tx) => ({
        status: 201,
        body: await listAddress(parts, tx, wish, staff, requestActor(request)),
      }));
    }),
    handle(contract.listRiskScores, async ({ params }) => ({
      status: 200,
      body: { items: [...(await listRisks(database, params.customerId))] },
    })),
    handleOnce(contract.judgeRisk, async (request, effect) => {
      const judgedBy = parseId('staff', request.principal.id);
      const judgement = { ...request.body, customer: request.params.customerId, judgedBy };
      return await effect.commit(async (tx) => ({
        status: 201,
        body: await judgeRisk(clock, tx, judgement, requestActor(request)),
      }));
    }),
  ];
}
