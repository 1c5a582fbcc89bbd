import { requestActor } from '../approvals/index.ts';
import { handleOnce, type BoundOperation } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import { parseId } from '../shared/index.ts';
import { closeAccount, closeOwnAccount } from './close-account.ts';
import * as contract from './closing-contract.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { requireCustomerExists, wire } from './restriction-wire.ts';

/** Closing accounts over HTTP. */
export function closingRoutes({ clock }: Pick<FreezeParts, 'clock'>): readonly BoundOperation[] {
  return [
    handleOnce(contract.closeOwnAccount, async (request, effect) => {
      const closing = { id: effect.id('restriction'), customer: requireCustomer(request.principal) };
      return await effect.commit(async (tx) => {
        const restriction = await closeOwnAccount(tx, clock, closing, requestActor(request));
        return { status: 201, body: wire(restriction, request.principal) };
      });
    }),
    handleOnce(contract.closeAccount, async (request, effect) => {
      const { customer, reasonCode, text: publicText, restrictedText } = request.body;
      const openedBy = parseId('staff', request.principal.id);
      const words = { reasonCode, publicText, restrictedText };
      const closing = { id: effect.id('restriction'), customer, openedBy, ...words };
      return await effect.commit(async (tx) => {
        await requireCustomerExists(tx, customer);
        const restriction = await closeAccount(tx, clock, closing, requestActor(request));
        return { status: 201, body: wire(restriction, request.principal) };
      });
    }),
  ];
}
