import { idFromUuid, idToUuid, type CustomerId } from '../shared/index.ts';
import { versionMismatch } from '../http/index.ts';
import { inTransaction } from '../database/index.ts';
import { accountOf, type Account } from './account-store.ts';
import { record, type Origin } from './identity-audit.ts';
import { IdentityError } from './identity-errors.ts';
import type { IdentityParts, Person } from './identity.ts';

export interface Customer {
  readonly id: CustomerId;
  readonly email: string;
  readonly displayName: string;
  readonly createdAt: Date;
  readonly version: number;
}

interface CustomerRow {
  id: string;
  email: string;
  displayName: string;
  createdAt: Date;
  version: number;
}

function customerOf(row: CustomerRow): Customer {
  return { ...row, id: idFromUuid('customer', row.id) };
}

/** @throws IdentityError `customer_unknown`. */
export async function getCustomer(parts: IdentityParts, id: CustomerId): Promise<Customer> {
  const row = await parts.database.customer.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw new IdentityError('customer_unknown', 'There is no such customer.');
  return customerOf(row);
}

/** Customers in order of registration, after `after`; one more than `limit` tells that there are more. */
export async function listCustomers(
  parts: IdentityParts,
  limit: number,
  after: CustomerId | null,
): Promise<{ readonly items: Customer[]; readonly more: boolean }> {
  const rows = await parts.database.customer.findMany({
    ...(after === null ? {} : { where: { id: { gt: idToUuid(after) } } }),
    orderBy: { id: 'asc' },
    take: limit + 1,
  });
  return { items: rows.slice(0, limit).map(customerOf), more: rows.length > limit };
}

/** Changes the name a person is shown by. @throws HttpError `precondition_failed` when `version` is not the newest. */
export async function renamePerson(
  parts: IdentityParts,
  person: Person,
  version: number,
  displayName: string,
  origin: Origin,
): Promise<Account> {
  const change = {
    where: { id: idToUuid(person.id), version },
    data: { displayName, version: { increment: 1 } },
  };
  return await inTransaction(parts.database, async (tx) => {
    const before = await accountOf(tx, person);
    const { count } =
      person.kind === 'customer' ? await tx.customer.updateMany(change) : await tx.staff.updateMany(change);
    if (count !== 1) throw versionMismatch();
    await record(
      tx,
      parts,
      origin,
      'account.rename',
      person.id,
      { displayName },
      {
        before: { displayName: before.displayName },
      },
    );
    return await accountOf(tx, person);
  });
}
