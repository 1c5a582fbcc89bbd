import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { crashPoint, type Clock } from '../shared/index.ts';
import { awaitRequests } from './in-flight.ts';
import { findRestriction, insertRestriction, type NewRestriction } from './restriction-store.ts';
import type { Restriction } from './restriction.ts';

/**
 * Imposes a restriction. From the commit on the API refuses; ledger and signer follow within moments
 * (`settleRestrictions`), and until both have acknowledged it is `freezing`.
 */
export async function imposeRestriction(
  tx: DatabaseTransaction,
  clock: Clock,
  restriction: NewRestriction,
  by: QueueActor,
): Promise<Restriction> {
  const { id, customer, kind, reasonCode, publicText, restrictedText } = restriction;
  await awaitRequests(tx, customer);
  await insertRestriction(tx, restriction, new Date(clock.nowMs()));
  const { actor, strength, requestId } = by;
  const after = { customer, kind, reasonCode, restrictedText };
  const entry = { actor, strength, action: 'restriction.impose', entity: id, after };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  const data = { restriction: id, customer, kind, text: publicText };
  await appendEvent(tx, { type: 'account.restricted', subject: id, customer, data }, clock);
  crashPoint('restriction.written');
  return await findRestriction(tx, id);
}
