import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Manifest } from '../intents/index.ts';
import type { IntentId, StaffId } from '../shared/index.ts';
import { canonicalAddress } from './address-book.ts';
import { looseningSentence, loosenings, type Loosening } from './compare-documents.ts';
import { PolicyError } from './errors.ts';
import { ListError } from './lists-errors.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import type { PolicyDocument } from './policy-document-contract.ts';
import {
  findDraft,
  insertDraft,
  linkIntent,
  lockPolicy,
  type PolicyDraft,
  type PolicyDraftId,
} from './policy-draft.ts';
import type { PolicyVersion } from './policy-store.ts';
import { putInForce } from './put-in-force.ts';
import { unmeetable, type Unmeetable } from './satisfiable.ts';

/** Approvals are gathered within this; then it rests as the policy in force says. */
const LIFETIME_MS = 13 * 24 * 3_600_000;
const MAX_SENTENCES = 20;

/** What is to be known of a draft before it is proposed. */
export interface Assessment {
  readonly loosens: readonly Loosening[];
  readonly unmeetable: readonly Unmeetable[];
}

export function assess(before: PolicyVersion, document: PolicyDocument, manifest: Manifest): Assessment {
  return { loosens: loosenings(before.document, document), unmeetable: unmeetable(document, manifest) };
}

/**
 * Writes a draft down; it changes nothing by itself.
 * @throws PolicyError `policy_unchanged`, `policy_unmeetable`, `policy_conflicting` for a list with no address of ours.
 */
export async function draftPolicy(
  parts: PolicyChangeParts,
  tx: DatabaseTransaction,
  wish: {
    readonly id: PolicyDraftId;
    readonly document: PolicyDocument;
    readonly reason: string;
    readonly createdBy: StaffId;
  },
  by: QueueActor,
): Promise<PolicyDraft> {
  const base = await parts.policy.current(tx);
  const manifest = await parts.manifest();
  requireAddresses(wish.document, manifest.network);
  const problems = unmeetable(wish.document, manifest);
  if (problems.length > 0) refuseUnmeetable(problems);
  const createdAt = new Date(parts.clock.nowMs());
  const draft = await insertDraft(tx, { ...wish, base, createdAt });
  if (draft.hash === base.hash) throw new PolicyError('policy_unchanged', 'This policy is in force already.');
  const { actor, strength, requestId } = by;
  const entry = { actor, strength, action: 'policy.draft', entity: draft.id, reason: wish.reason };
  const after = { hash: draft.hash, base: base.number };
  await appendAudit(tx, { ...entry, after, ...(requestId === undefined ? {} : { requestId }) }, parts.clock);
  return draft;
}

function isSpelled(address: string, network: Manifest['network']): boolean {
  try {
    return canonicalAddress(address, network) === address;
  } catch (thrown) {
    if (thrown instanceof ListError) return false;
    throw thrown;
  }
}

/** A list that holds an address in another spelling would never match it. */
function requireAddresses({ lists }: PolicyDocument, network: Manifest['network']): void {
  for (const { name, addresses } of lists) {
    const wrong = addresses.find((address) => !isSpelled(address, network));
    if (wrong === undefined) continue;
    const message = 'A list holds what is no address of this network, or is not spelled as addresses are.';
    throw new PolicyError('policy_conflicting', message, { details: { list: name, address: wrong } });
  }
}

function refuseUnmeetable(problems: readonly Unmeetable[]): never {
  throw new PolicyError('policy_unmeetable', 'No set of people could meet this policy.', {
    details: { problems: problems.slice(0, MAX_SENTENCES).map(({ because }) => because) },
  });
}

/**
 * Proposes a draft. One that asks for as much as the policy in force in every case takes effect at once; one that
 * may let more through becomes an intent, which the proposer signs, others approve by the manifest and the policy in
 * force, and which then rests.
 * @returns the version, or the intent that waits.
 * @throws PolicyError `policy_draft_unknown`, `policy_draft_settled`, `policy_draft_outdated`, `policy_unmeetable`.
 */
export async function proposeDraft(
  parts: PolicyChangeParts,
  tx: DatabaseTransaction,
  proposal: { readonly draft: PolicyDraftId; readonly intent: IntentId; readonly proposer: StaffId },
  by: QueueActor,
): Promise<PolicyDraft> {
  await lockPolicy(tx);
  const draft = await findDraft(tx, proposal.draft);
  if (draft.version !== null || draft.intentId !== null) {
    throw new PolicyError('policy_draft_settled', 'This draft was proposed already.');
  }
  const base = await parts.policy.current(tx);
  if (draft.baseVersion !== base.number) {
    throw new PolicyError('policy_draft_outdated', 'Another policy is in force by now; draft it anew.', {
      details: { draftedOn: draft.baseVersion, inForce: base.number },
    });
  }
  const { loosens, unmeetable: problems } = assess(base, draft.document, await parts.manifest());
  if (problems.length > 0) refuseUnmeetable(problems);
  if (loosens.length === 0) {
    await putInForce(tx, parts.clock, draft, base, by);
    return await findDraft(tx, draft.id);
  }
  const intent = await parts.queue.draft(tx, {
    kind: 'policy_change',
    id: proposal.intent,
    requester: proposal.proposer,
    lifetimeMs: LIFETIME_MS,
    body: {
      draft: draft.id,
      policyHash: draft.hash,
      replaces: base.number,
      replacesHash: base.hash,
      loosens: loosens.slice(0, MAX_SENTENCES).map(looseningSentence),
      reason: draft.reason,
    },
  });
  await parts.queue.submit(tx, intent, by);
  await linkIntent(tx, draft, proposal.intent);
  return await findDraft(tx, draft.id);
}
