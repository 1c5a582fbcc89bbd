import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { CustomerStatement } from '../intents/index.ts';
import { canonicalJson, type CustomerId, type IntentId, type StaffId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { imposeRestriction } from './impose-restriction.ts';
import type { Restriction, RestrictionId } from './restriction.ts';

export interface DeepFreezeRequest {
  readonly intent: IntentId;
  readonly restriction: RestrictionId;
  readonly customer: CustomerId;
  readonly requester: StaffId;
  /** What the customer may read. */
  readonly text: string;
  readonly reason: string;
}

/**
 * Writes down that a customer is to be frozen deeply. The one who asks signs it next, others approve, and only then it
 * is done; a case stops the customer until then.
 */
export async function requestDeepFreeze(
  { queue }: Pick<FreezeParts, 'queue'>,
  tx: DatabaseTransaction,
  { intent: id, requester, customer, restriction, text, reason }: DeepFreezeRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const body = { customer, restriction, text, reason };
  return await queue.submit(tx, await queue.draft(tx, { kind: 'deep_freeze', id, requester, body }), by);
}

/**
 * Freezes a customer deeply at the word of their master lock, which the signer judges by its own record; when it
 * refuses, the restriction ends at once. @throws FreezeError `statement_unfit`.
 */
export async function deepFreezeByCustomer(
  { clock }: Pick<FreezeParts, 'clock'>,
  tx: DatabaseTransaction,
  { id, customer, statement }: { id: RestrictionId; customer: CustomerId; statement: CustomerStatement },
  by: QueueActor,
): Promise<Restriction> {
  const { purpose, subject, customer: speaker } = statement.statement;
  if (purpose !== 'deep freeze' || subject !== customer || speaker !== customer) {
    throw new FreezeError('statement_unfit', 'The statement does not freeze this account deeply.', {
      details: { purpose, subject },
    });
  }
  const it = {
    ...({ id, customer, kind: 'deep_freeze', reasonCode: 'customer_request', openedBy: customer } as const),
    publicText: 'You froze this account deeply.',
    restrictedText: '',
    reviewAt: null,
    orderedBy: { statement: canonicalJson(statement) },
  };
  return await imposeRestriction(tx, clock, it, by);
}
