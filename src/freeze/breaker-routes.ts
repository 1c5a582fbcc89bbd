import { requestActor } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { parseId } from '../shared/index.ts';
import * as contract from './breaker-contract.ts';
import type { Breaker } from './breaker.ts';
import { listBreakers } from './breaker-store.ts';
import { freezeMany } from './bulk-freeze.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { requestReset, tripBreaker } from './trip-breaker.ts';

const LISTED = 100;

function wire({ id, state, trippedBy, trippedAt, reason, resetIntent }: Breaker) {
  return { id, state, trippedBy, trippedAt, reason, resetIntent };
}

/** The circuit breaker and bulk freezes over HTTP. */
export function breakerRoutes(parts: FreezeParts): readonly BoundOperation[] {
  const { database, clock } = parts;
  return [
    handleOnce(contract.tripBreaker, async (request, effect) => {
      const trippedBy = parseId('staff', request.principal.id);
      const it = { id: effect.id('restriction'), trippedBy, reason: request.body.reason };
      return await effect.commit(async (tx) => {
        return { status: 201, body: wire(await tripBreaker(tx, clock, it, requestActor(request))) };
      });
    }),
    handle(contract.listBreakers, async () => {
      return { status: 200, body: { items: (await listBreakers(database, LISTED)).map(wire) } };
    }),
    handleOnce(contract.requestBreakerReset, async (request, effect) => {
      const asked = {
        intent: effect.id('intent'),
        breaker: request.params.breakerId,
        requester: parseId('staff', request.principal.id),
        reason: request.body.reason,
      };
      return await effect.commit(async (tx) => {
        const { intent, hash } = await requestReset(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
    handleOnce(contract.freezeMany, async (request, effect) => {
      const { scope, reasonCode, text: publicText, restrictedText, reviewAt } = request.body;
      const id = effect.id('restriction');
      const openedBy = parseId('staff', request.principal.id);
      const bulk = { id, scope, reasonCode, publicText, restrictedText, reviewAt, openedBy };
      return await effect.commit(async (tx) => {
        const restrictions = await freezeMany(tx, clock, bulk, requestActor(request));
        return { status: 201, body: { bulk: id, restrictions: [...restrictions] } };
      });
    }),
  ];
}
