import { requestActor } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { parseId, satoshis } from '../shared/index.ts';
import { imposeLegalHold, requestLift } from './impose-legal-hold.ts';
import * as contract from './legal-contract.ts';
import { listLegalHolds } from './legal-hold-store.ts';
import type { LegalHold } from './legal-hold.ts';
import type { LegalParts } from './legal-parts.ts';

function wire(hold: LegalHold) {
  const { id, customer, balance, wallet, heldSatoshis, reference, authority, reason } = hold;
  const { imposedBy, imposedAt, state, liftIntent } = hold;
  return {
    ...{ id, customer, balance, wallet, heldSatoshis, reference, authority, reason },
    ...{ imposedBy, imposedAt, state, liftIntent, satoshis: hold.satoshis },
  };
}

/** Legal orders over HTTP. */
export function legalRoutes(parts: LegalParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.imposeLegalHold, async (request, effect) => {
      const { customer, vault = null, satoshis: amount, reference, authority, reason } = request.body;
      const order = {
        ...{ id: effect.id('legalHold'), customer, vault, reference, authority, reason },
        satoshis: satoshis(amount),
        imposedBy: parseId('staff', request.principal.id),
      };
      return await effect.commit(async (tx) => ({
        status: 201,
        body: wire(await imposeLegalHold(parts, tx, order, requestActor(request))),
      }));
    }),
    handle(contract.listLegalHolds, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const found = await listLegalHolds(parts.database, {
        customer: query.customerId ?? null,
        limit: limit + 1,
        after: after === undefined ? null : parseId('legalHold', after),
      });
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items: items.map(wire), nextCursor } };
    }),
    handleOnce(contract.requestLegalHoldLift, async (request, effect) => {
      const asked = {
        intent: effect.id('intent'),
        hold: request.params.legalHoldId,
        requester: parseId('staff', request.principal.id),
        reason: request.body.reason,
      };
      return await effect.commit(async (tx) => {
        const { intent, hash } = await requestLift(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
  ];
}
