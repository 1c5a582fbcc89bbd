import { requestActor } from '../approvals/index.ts';
import { inTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { parseId } from '../shared/index.ts';
import * as contract from './limit-contract.ts';
import { listLimitRaises, requestLimitRaise, revokeLimitRaise } from './limit-raises.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';

/** Raised limits over HTTP. */
export function limitRoutes(parts: PolicyChangeParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.requestLimitRaise, async (request, effect) => {
      const { body, principal } = request;
      const asked = {
        ...{ ...body, intent: effect.id('intent') },
        requester: parseId('staff', principal.id),
      };
      return await effect.commit(async (tx) => {
        const { intent, hash } = await requestLimitRaise(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
    handle(contract.listLimitRaises, async ({ query }) => {
      const found = await inTransaction(parts.database, (tx) => listLimitRaises(tx, query.customerId));
      return { status: 200, body: { items: [...found] } };
    }),
    handleOnce(contract.revokeLimitRaise, async (request, effect) => {
      const { params, body } = request;
      return await effect.commit(async (tx) => ({
        status: 200,
        body: await revokeLimitRaise(parts, tx, params.intentId, body.reason, requestActor(request)),
      }));
    }),
  ];
}
