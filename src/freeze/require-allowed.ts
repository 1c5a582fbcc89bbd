import type { CustomerId } from '../shared/index.ts';
import { breakerForbids } from './breaker-store.ts';
import { FreezeError } from './errors.ts';
import { enter } from './in-flight.ts';
import type { RestrictedFunction } from './restriction-kinds-contract.ts';
import { restrictionsOf, type Tables } from './restriction-store.ts';
import { forbidden } from './restriction.ts';

/** Those of the customers from whom a restriction takes it away; for a step of the worker, in its transaction. */
export async function restrictedAmong(
  tables: Tables,
  customers: readonly CustomerId[],
  wanted: RestrictedFunction,
): Promise<ReadonlySet<CustomerId>> {
  const distinct = [...new Set(customers)].sort();
  for (const customer of distinct) await enter(tables, customer, 'step');
  if (await breakerForbids(tables, wanted)) return new Set(distinct);
  const restrictions = await restrictionsOf(tables, ...distinct);
  const restricting = restrictions.filter((restriction) => forbidden([restriction]).has(wanted));
  return new Set(restricting.map(({ customer }) => customer));
}

/**
 * Refuses what a restriction takes away, from the moment it was asked for. Ledger and signer refuse by themselves
 * too; this is where the customer learns it first. In the transaction that acts on it: a restriction that is being
 * imposed waits for it. @throws FreezeError `account_restricted`, with the public texts; `breaker_tripped`.
 */
export async function requireAllowed(
  tables: Tables,
  customer: CustomerId,
  wanted: RestrictedFunction,
): Promise<void> {
  await enter(tables, customer, 'request');
  if (await breakerForbids(tables, wanted)) {
    throw new FreezeError('breaker_tripped', 'Payments of all customers are stopped at the moment.', {
      details: { function: wanted },
    });
  }
  const restrictions = await restrictionsOf(tables, customer);
  if (!forbidden(restrictions).has(wanted)) return;
  const reasons = restrictions.filter((restriction) => forbidden([restriction]).has(wanted));
  const texts = reasons.map(({ publicText }) => publicText).filter((text) => text !== '');
  throw new FreezeError('account_restricted', 'This account may not do that at the moment.', {
    details: { function: wanted, reasons: [...new Set(texts)] },
  });
}
