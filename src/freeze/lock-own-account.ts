import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { idToUuid, type Clock, type CustomerId } from '../shared/index.ts';
import { imposeRestriction } from './impose-restriction.ts';
import { awaitRequests } from './in-flight.ts';
import { findRestriction } from './restriction-store.ts';
import type { Restriction, RestrictionId } from './restriction.ts';

const OWN_LOCK = {
  kind: 'whole_lock',
  reasonCode: 'customer_request',
  publicText: 'You locked this account.',
  restrictedText: '',
  reviewAt: null,
} as const;

interface OwnLock {
  readonly id: RestrictionId;
  readonly customer: CustomerId;
}

/** The customer's whole lock, which any session of theirs may impose. */
export async function lockOwnAccount(
  tx: DatabaseTransaction,
  clock: Clock,
  { id, customer }: OwnLock,
  by: QueueActor,
): Promise<Restriction> {
  return await imposeRestriction(tx, clock, { ...OWN_LOCK, id, customer, openedBy: customer }, by);
}

/**
 * The same by a link in a notice, which names the lock that it imposes: following it again finds that lock, in force
 * or lifted since, and imposes no other.
 */
export async function lockByLink(
  tx: DatabaseTransaction,
  clock: Clock,
  lock: OwnLock,
  by: QueueActor,
): Promise<Restriction> {
  await awaitRequests(tx, lock.customer);
  const isKnown = (await tx.restriction.count({ where: { id: idToUuid(lock.id) } })) > 0;
  return isKnown ? await findRestriction(tx, lock.id) : await lockOwnAccount(tx, clock, lock, by);
}
