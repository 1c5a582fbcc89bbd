import { requestActor } from '../approvals/index.ts';
import { handleOnce, type BoundOperation } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import { parseId } from '../shared/index.ts';
import * as contract from './deep-freeze-contract.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { deepFreezeByCustomer, requestDeepFreeze } from './request-deep-freeze.ts';
import { requireCustomerExists, wire } from './restriction-wire.ts';

/** Deep freezes over HTTP. */
export function deepFreezeRoutes(parts: FreezeParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.deepFreezeAccount, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const { statement } = request.body;
      const it = { id: effect.id('restriction'), customer, statement };
      return await effect.commit(async (tx) => {
        const restriction = await deepFreezeByCustomer(parts, tx, it, requestActor(request));
        return { status: 201, body: wire(restriction, request.principal) };
      });
    }),
    handleOnce(contract.requestDeepFreeze, async (request, effect) => {
      const asked = {
        ...request.body,
        intent: effect.id('intent'),
        restriction: effect.id('restriction'),
        requester: parseId('staff', request.principal.id),
      };
      return await effect.commit(async (tx) => {
        await requireCustomerExists(tx, asked.customer);
        const { intent, hash } = await requestDeepFreeze(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
  ];
}
