import type { Principal } from '../http/index.ts';
import { idToUuid, type CustomerId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { Tables } from './restriction-store.ts';
import type { Restriction } from './restriction.ts';

/** A restriction as a caller may see it. */
export function wire(restriction: Restriction, principal: Principal) {
  const { id, customer, kind, state, publicText, openedAt } = restriction;
  const { reasonCode, restrictedText, openedBy, reviewAt, releaseIntent } = restriction;
  const forStaff = { reasonCode, restrictedText, openedBy, reviewAt, releaseIntent };
  return {
    ...{ id, customer, kind, state, text: publicText, openedAt },
    forStaff: principal.kind === 'customer' ? null : forStaff,
  };
}

/** @throws FreezeError `customer_unknown`. */
export async function requireCustomerExists(tables: Tables, id: CustomerId): Promise<void> {
  if ((await tables.customer.count({ where: { id: idToUuid(id) } })) === 1) return;
  throw new FreezeError('customer_unknown', 'There is no customer with this id.');
}
