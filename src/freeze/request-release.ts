import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { IntentId, StaffId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { findRestriction } from './restriction-store.ts';
import { decide, type RestrictionId } from './restriction.ts';

export interface ReleaseRequest {
  readonly intent: IntentId;
  readonly restriction: RestrictionId;
  readonly requester: StaffId;
  readonly reason: string;
}

/**
 * Writes down that a restriction is to be lifted. The one who asks signs it next, others approve, and only then it
 * is lifted; nothing happens before. @throws FreezeError `restriction_unknown`, `restriction_step_forbidden`.
 */
export async function requestRelease(
  parts: FreezeParts,
  tx: DatabaseTransaction,
  { intent: id, restriction: restrictionId, requester, reason }: ReleaseRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const restriction = await findRestriction(tx, restrictionId);
  decide(restriction, 'release');
  const { customer, openedBy } = restriction;
  if (openedBy === requester) {
    throw new FreezeError(
      'restriction_step_forbidden',
      'Whoever imposed a restriction does not ask to lift it.',
      {
        details: { restriction: restrictionId },
      },
    );
  }
  const body = { customer, restriction: restrictionId, openedBy, reason };
  const intent = await parts.queue.draft(tx, { kind: 'release', id, requester, body });
  return await parts.queue.submit(tx, intent, by);
}
