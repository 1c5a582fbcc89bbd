import { requestActor } from '../approvals/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import type { CustomerId } from '../shared/index.ts';
import * as contract from './address-book-contract.ts';
import {
  addDestination,
  readAddressBook,
  removeDestination,
  setAllowList,
  type AddressBookParts,
} from './address-book.ts';

/** A customer's address book. */
export function addressBookRoutes(
  parts: AddressBookParts & { readonly database: Database },
): readonly BoundOperation[] {
  const { database, clock } = parts;
  const view = async (tx: DatabaseTransaction, customer: CustomerId) => {
    const { items, ...wishes } = await readAddressBook(tx, customer, new Date(clock.nowMs()));
    return { items: [...items], ...wishes };
  };
  return [
    handle(contract.getAddressBook, async ({ principal }) => {
      const body = await inTransaction(database, (tx) => view(tx, requireCustomer(principal)));
      return { status: 200, body };
    }),
    handleOnce(contract.addDestination, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const wish = { ...request.body, id: effect.id('destination'), customer };
      return await effect.commit(async (tx) => ({
        status: 201,
        body: await addDestination(parts, tx, wish, requestActor(request)),
      }));
    }),
    handleOnce(contract.removeDestination, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      return await effect.commit(async (tx) => {
        await removeDestination(parts, tx, customer, request.params.destinationId, requestActor(request));
        return { status: 200, body: await view(tx, customer) };
      });
    }),
    handleOnce(contract.setAllowList, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      return await effect.commit(async (tx) => {
        const onlyKnown = request.body.payTo === 'address_book';
        await setAllowList(parts, tx, customer, onlyKnown, requestActor(request));
        return { status: 200, body: await view(tx, customer) };
      });
    }),
  ];
}
