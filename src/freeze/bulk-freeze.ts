import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, newId, type Clock, type CustomerId, type StaffId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import { imposeRestriction } from './impose-restriction.ts';
import type { ReasonCode } from './restriction-kinds-contract.ts';
import type { RestrictionId } from './restriction.ts';

/** One transaction opens them all; whoever must stop more trips the circuit breaker. */
const MAX_CUSTOMERS = 1_000;

/** Whom: by name, or all whom the conditions fit together. */
export type BulkScope =
  | { readonly customers: readonly CustomerId[] }
  | {
      readonly createdAfter?: Date | undefined;
      readonly createdBefore?: Date | undefined;
      /** Who has a wallet of this plan. */
      readonly plan?: string | undefined;
    };

export interface BulkFreeze {
  readonly id: RestrictionId;
  readonly scope: BulkScope;
  readonly reasonCode: ReasonCode;
  readonly publicText: string;
  readonly restrictedText: string;
  readonly reviewAt: Date;
  readonly openedBy: StaffId;
}

function conditionsOf(scope: BulkScope) {
  if ('customers' in scope) return { id: { in: scope.customers.map(idToUuid) } };
  const { createdAfter, createdBefore, plan } = scope;
  return {
    createdAt: {
      ...(createdAfter === undefined ? {} : { gte: createdAfter }),
      ...(createdBefore === undefined ? {} : { lt: createdBefore }),
    },
    ...(plan === undefined ? {} : { wallets: { some: { plan } } }),
  };
}

async function customersOf(tx: DatabaseTransaction, scope: BulkScope): Promise<readonly CustomerId[]> {
  const rows = await tx.customer.findMany({
    where: conditionsOf(scope),
    select: { id: true },
    orderBy: { id: 'asc' },
    take: MAX_CUSTOMERS + 1,
  });
  if (rows.length > MAX_CUSTOMERS) {
    throw new FreezeError('bulk_too_large', 'These are too many for one bulk freeze.', {
      details: { most: MAX_CUSTOMERS },
    });
  }
  const found = rows.map(({ id }) => idFromUuid('customer', id));
  if (!('customers' in scope)) return found;
  const missing = scope.customers.find((id) => !found.includes(id));
  if (missing === undefined) return found;
  throw new FreezeError('customer_unknown', 'There is no customer with this id.', {
    details: { customer: missing },
  });
}

/**
 * Opens a case for each of many customers, all or none. Each is a restriction of its own, and lifted as such.
 * @throws FreezeError `bulk_too_large`, `customer_unknown`.
 */
export async function freezeMany(
  tx: DatabaseTransaction,
  clock: Clock,
  { id: bulk, scope, ...words }: BulkFreeze,
  by: QueueActor,
): Promise<readonly RestrictionId[]> {
  const opened: RestrictionId[] = [];
  for (const customer of await customersOf(tx, scope)) {
    const it = { ...words, id: newId('restriction'), customer, kind: 'case', bulk } as const;
    opened.push((await imposeRestriction(tx, clock, it, by)).id);
  }
  return opened;
}
