import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Clock, CustomerId, StaffId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import { imposeRestriction } from './impose-restriction.ts';
import type { ReasonCode } from './restriction-kinds-contract.ts';
import { restrictionsOf } from './restriction-store.ts';
import type { Restriction, RestrictionId } from './restriction.ts';

interface Closing {
  readonly id: RestrictionId;
  readonly customer: CustomerId;
}

/**
 * Closes the customer's own account for good, if it is empty, which the ledger judges; else the restriction ends at
 * once, and everything is as before.
 */
export async function closeOwnAccount(
  tx: DatabaseTransaction,
  clock: Clock,
  { id, customer }: Closing,
  by: QueueActor,
): Promise<Restriction> {
  const words = {
    ...({ reasonCode: 'customer_request', restrictedText: '', reviewAt: null } as const),
    publicText: 'You closed this account.',
  };
  return await imposeRestriction(
    tx,
    clock,
    { id, customer, kind: 'closed', openedBy: customer, ...words },
    by,
  );
}

export interface ClosingByStaff extends Closing {
  readonly openedBy: StaffId;
  readonly reasonCode: ReasonCode;
  readonly publicText: string;
  readonly restrictedText: string;
}

/**
 * The same by staff, which takes two people: somebody else has opened a case before, and it is in force.
 * @throws FreezeError `case_missing`.
 */
export async function closeAccount(
  tx: DatabaseTransaction,
  clock: Clock,
  closing: ClosingByStaff,
  by: QueueActor,
): Promise<Restriction> {
  const others = await restrictionsOf(tx, closing.customer);
  const isUnderCase = others.some(
    ({ kind, state, openedBy }) => kind === 'case' && state === 'in_force' && openedBy !== closing.openedBy,
  );
  if (!isUnderCase) {
    throw new FreezeError(
      'case_missing',
      'An account is closed while a case of somebody else is in force: open one first.',
    );
  }
  return await imposeRestriction(tx, clock, { ...closing, kind: 'closed', reviewAt: null }, by);
}
