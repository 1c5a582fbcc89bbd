import { randomBytes } from 'node:crypto';
import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { IntentOf } from '../intents/index.ts';
import { isoTime, type IntentId, type StaffId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import type { FreezeParts } from './freeze-parts.ts';
import { findRestriction } from './restriction-store.ts';
import { decide, type RestrictionId } from './restriction.ts';

/** A release that nobody has approved by then is asked for again. */
const LIFETIME_MS = 24 * 3_600_000;

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
  const nowMs = parts.clock.nowMs();
  const intent: IntentOf<'release'> = {
    version: 1,
    kind: 'release',
    id,
    network: parts.network,
    createdAt: isoTime(nowMs),
    expiresAt: isoTime(nowMs + LIFETIME_MS),
    nonce: randomBytes(16).toString('hex'),
    policyVersion: parts.policyVersion,
    requester,
    body: { customer, restriction: restrictionId, openedBy, reason },
  };
  return await parts.queue.submit(tx, intent, by);
}
