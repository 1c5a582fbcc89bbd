import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { CustomerStatement } from '../intents/index.ts';
import { canonicalJson, type Clock } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import { findRestriction, moveRestriction } from './restriction-store.ts';
import type { Restriction, RestrictionId } from './restriction.ts';

/**
 * Begins to lift a customer's own lock at the word of their master lock; of a deep freeze, which staff release, the
 * word is kept for that. The signer judges the statement by its own
 * record and remembers it; when it refuses, the lock is in force again, with the reason in the audit log.
 * @throws FreezeError `restriction_unknown` (another customer's too), `restriction_step_forbidden`,
 * `statement_unfit`, `restriction_changed_meanwhile`.
 */
export async function unlockRestriction(
  tx: DatabaseTransaction,
  clock: Clock,
  { restriction: id, statement }: { restriction: RestrictionId; statement: CustomerStatement },
  by: QueueActor,
): Promise<Restriction> {
  const restriction = await findRestriction(tx, id);
  const { customer, openedBy } = restriction;
  const { purpose, subject, customer: speaker } = statement.statement;
  if (speaker !== customer || openedBy !== customer) {
    throw new FreezeError('restriction_unknown', 'There is no such restriction.');
  }
  if (purpose !== 'unlock' || subject !== id) {
    throw new FreezeError('statement_unfit', 'The statement does not unlock this restriction.', {
      details: { purpose, subject },
    });
  }
  const liftedBy = { statement: canonicalJson(statement) };
  const command = restriction.kind === 'deep_freeze' ? 'consent' : 'unlock';
  await moveRestriction(tx, restriction, command, new Date(clock.nowMs()), liftedBy);
  const { actor, strength, requestId } = by;
  const after = { customer, credential: statement.statement.credential };
  const entry = { actor, strength, action: `restriction.${command}`, entity: id, after };
  const before = { customer, state: restriction.state };
  await appendAudit(tx, { ...entry, before, ...(requestId === undefined ? {} : { requestId }) }, clock);
  return await findRestriction(tx, id);
}
