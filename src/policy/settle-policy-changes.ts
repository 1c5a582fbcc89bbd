import { requireKind, type QueueActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid, parseId, type IntentId } from '../shared/index.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import { findDraft, lockPolicy, type PolicyDraft } from './policy-draft.ts';
import type { PolicyVersion } from './policy-store.ts';
import { putInForce } from './put-in-force.ts';
import { unmeetable } from './satisfiable.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
const HOUR_MS = 3_600_000;

type ChangeBody = {
  readonly draft: string;
  readonly policyHash: string;
  readonly replaces: number;
  readonly replacesHash: string;
};

/** What people approved is this draft, on top of what is in force now. */
function isSame(body: ChangeBody, id: IntentId, draft: PolicyDraft, current: PolicyVersion): boolean {
  return (
    draft.intentId === id &&
    draft.version === null &&
    draft.hash === body.policyHash &&
    current.number === body.replaces &&
    current.hash === body.replacesHash
  );
}

async function settle(parts: PolicyChangeParts, tx: DatabaseTransaction, id: IntentId): Promise<boolean> {
  const { queue, clock } = parts;
  await lockPolicy(tx);
  const stored = requireKind(await queue.lock(tx, id), 'policy_change');
  if (stored.state !== 'approved') return false;
  const { intent } = stored;
  const current = await parts.policy.current(tx);
  const draft = await findDraft(tx, parseId('policy', intent.body.draft));
  if (!isSame(intent.body, id, draft, current)) {
    await queue.deny(tx, id, WORKER, 'Another policy is in force by now.');
    return true;
  }
  const found = await queue.recheck(tx, stored);
  if (found.verdict === 'denied') {
    await queue.deny(tx, id, WORKER, found.reason);
    return true;
  }
  if (found.verdict === 'unmet') {
    if (!found.explained) {
      const text = 'It was stored as approved, and too few people have approved it.';
      const alert = { subject: id, code: 'approvals_insufficient', during: 'policy.change', text };
      await raiseAlert(tx, alert, WORKER, clock);
    }
    await queue.void(tx, id, WORKER, 'The policy or the manifest asks for more than when it was approved.');
    return true;
  }
  const ripeMs = found.coolUntilMs + current.document.loosening.delayHours * HOUR_MS;
  if (clock.nowMs() < ripeMs) return false;
  const manifest = await parts.manifest();
  const problems = unmeetable(draft.document, manifest);
  if (problems.length > 0) {
    await queue.deny(
      tx,
      id,
      WORKER,
      problems
        .map(({ because }) => because)
        .join(' ')
        .slice(0, 500),
    );
    return true;
  }
  if (!(await queue.carriesWords(tx, stored, WORKER, 'policy.change'))) return true;
  await queue.execute(tx, id, WORKER);
  await putInForce(tx, clock, draft, current, WORKER);
  return true;
}

/**
 * Puts approved policies in force when they have rested long enough. The signatures are checked from their bytes, and
 * the approvals are counted anew by what is in force now: by the tighter policy when it became tighter meanwhile, and
 * never by the one that they are to put in force. May be repeated after a crash anywhere.
 * @returns how many there were to settle.
 */
export async function settlePolicyChanges(parts: PolicyChangeParts): Promise<number> {
  const rows = await parts.database.queuedIntent.findMany({
    where: { kind: 'policy_change', state: 'approved' },
    orderBy: { changedAt: 'asc' },
    select: { id: true },
    take: 20,
  });
  let settled = 0;
  for (const { id } of rows) {
    const done = await inTransaction(parts.database, (tx) => settle(parts, tx, idFromUuid('intent', id)));
    if (done) settled += 1;
  }
  return settled;
}
