import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { idToUuid, type Clock } from '../shared/index.ts';
import { policyText } from './document.ts';
import type { PolicyDraft } from './policy-draft.ts';
import type { PolicyVersion } from './policy-store.ts';

/** Makes a draft the next version. Everything that is judged from the commit on is judged by it. */
export async function putInForce(
  tx: DatabaseTransaction,
  clock: Clock,
  draft: PolicyDraft,
  before: PolicyVersion,
  by: QueueActor,
): Promise<number> {
  const number = before.number + 1;
  const { intentId, hash, reason, createdBy } = draft;
  const loosens = intentId !== null;
  await tx.policyVersion.create({
    data: {
      ...{ number, hash, loosens },
      document: policyText(draft.document),
      previousHash: before.hash,
      draftId: idToUuid(draft.id),
      proposedBy: createdBy,
      intentId: intentId === null ? null : idToUuid(intentId),
      inForceAt: new Date(clock.nowMs()),
    },
  });
  const { actor, strength, requestId } = by;
  const entry = { actor, strength, action: 'policy.put_in_force', entity: draft.id, reason };
  await appendAudit(
    tx,
    {
      ...entry,
      before: { version: before.number, hash: before.hash },
      after: { version: number, hash, loosens, intent: intentId },
      ...(requestId === undefined ? {} : { requestId }),
    },
    clock,
  );
  const data = { draft: draft.id, version: number, policyHash: hash, loosens };
  await appendEvent(tx, { type: 'policy.changed', subject: draft.id, customer: null, data }, clock);
  return number;
}
