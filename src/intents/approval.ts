import { formatSatoshis, parseSatoshis, type Satoshis } from '../shared/index.ts';
import type { Approval, ApprovalStatement, RequestSignature, RequestStatement } from './approval-contract.ts';
import { delegationHash, verifyDelegation } from './delegation.ts';
import { IntentError } from './errors.ts';
import type { Intent } from './intent-contract.ts';
import { CLOCK_TOLERANCE_MS, intentHash } from './intent.ts';
import { amountAtStake, askingCustomer, quorumOf, rulesOf } from './kinds/index.ts';
import type { Approver, Manifest, QuorumRule } from './manifest-contract.ts';
import type { PublicKey } from './signature-contract.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const STATEMENT_TAG = 'trilock/statement/1';

/** The 32 bytes that a customer or approver signs. */
export function statementDigest(statement: ApprovalStatement | RequestStatement): Uint8Array {
  return hashStatement(STATEMENT_TAG, statement);
}

function checkTime(signedAt: string, intent: Intent, nowMs: number): void {
  const at = Date.parse(signedAt);
  const tooEarly = at < Date.parse(intent.createdAt) - CLOCK_TOLERANCE_MS;
  const tooLate = at >= Date.parse(intent.expiresAt);
  if (tooEarly || tooLate || at > nowMs + CLOCK_TOLERANCE_MS) {
    throw new IntentError('approval_out_of_time', 'It was signed outside the life of the intent.', {
      // Signed in the future: one of two clocks is wrong, and that passes.
      retryable: !tooEarly && !tooLate,
      details: { signedAt },
    });
  }
}

/**
 * Checks that whoever asks has signed exactly this, with a key that the caller trusts for them (`requesterKeys`).
 * @throws IntentError `request_not_signed_by_customer`, `approval_for_another_intent`, `approval_out_of_time`, `signature_…`.
 */
export async function verifyRequest(
  intent: Intent,
  request: RequestSignature,
  pinned: ReadonlyMap<string, PublicKey>,
  nowMs: number,
): Promise<void> {
  const { statement, signature } = request;
  if (statement.intentHash !== intentHash(intent)) {
    throw new IntentError('approval_for_another_intent', 'The signature is for another intent.');
  }
  const key = pinned.get(statement.credential);
  if (key === undefined) {
    throw new IntentError(
      'request_not_signed_by_customer',
      'The request is not signed by a credential known here.',
      {
        details: { credential: statement.credential },
      },
    );
  }
  checkTime(statement.signedAt, intent, nowMs);
  await verifySignature(key, statementDigest(statement), signature);
}

/**
 * Checks one approval by itself: for this intent, by an approver of the manifest, in time, rightly signed, and
 * not by whoever asked. @throws IntentError.
 */
export async function verifyApproval(
  intent: Intent,
  approval: Approval,
  manifest: Manifest,
  nowMs: number,
): Promise<Approver> {
  const { statement, signature } = approval;
  if (statement.intentHash !== intentHash(intent)) {
    throw new IntentError('approval_for_another_intent', 'The approval is for another intent.');
  }
  const approver = approversOf(intent, manifest).find((entry) => entry.id === statement.approver);
  if (approver === undefined) {
    throw new IntentError('approver_unknown', 'The manifest knows no such approver.', {
      details: { approver: statement.approver, manifest: manifest.number },
    });
  }
  if (requesters(intent, manifest).has(approver.person)) {
    throw new IntentError('approver_is_requester', 'Whoever asks does not approve.', {
      details: { approver: approver.id },
    });
  }
  if (statement.decision === 'reject' && (statement.reason ?? '').trim() === '') {
    throw new IntentError('approval_malformed', 'A rejection says why.');
  }
  checkTime(statement.signedAt, intent, nowMs);
  await verifySignature(approver.key, statementDigest(statement), signature);
  await delegatorOf(intent, approval, approver, manifest);
  return approver;
}

/**
 * In whose place an approval is given; nobody's when it is its approver's own.
 * @throws IntentError `delegation_refused`, `approver_is_requester`, `signature_…`.
 */
async function delegatorOf(
  intent: Intent,
  { statement, delegation }: Approval,
  approver: Approver,
  manifest: Manifest,
): Promise<Approver | undefined> {
  if (delegation === undefined && statement.delegation === undefined) return undefined;
  // What is signed names the delegation, so that nobody adds one to an approval or takes it away.
  if (delegation === undefined || delegationHash(delegation.statement) !== statement.delegation) {
    throw new IntentError('delegation_refused', 'The approval names another delegation.');
  }
  const delegator = await verifyDelegation(delegation, approver, intent, manifest, statement.signedAt);
  if (requesters(intent, manifest).has(delegator.person)) {
    throw new IntentError('approver_is_requester', 'Whoever asks lets nobody else approve.', {
      details: { approver: delegator.id },
    });
  }
  return delegator;
}

/** Who may approve an intent: the approvers, or the officers where their own quorum counts. */
function approversOf(intent: Intent, manifest: Manifest): readonly Approver[] {
  if (quorumOf(intent) !== 'officers') return manifest.approvers;
  return manifest.officers.map((officer) => ({ ...officer, role: 'officer' as const }));
}

/** Every person behind the one who asks, and behind what is to be lifted, also through a second account of theirs. */
function requesters(intent: Intent, manifest: Manifest): Set<string> {
  const accounts = new Set<string>([intent.requester, ...rulesOf(intent).interested(intent)]);
  const approvers = manifest.approvers.filter(
    (entry) => accounts.has(entry.id) || (entry.customer !== undefined && accounts.has(entry.customer)),
  );
  const officers = manifest.officers.filter(({ id }) => accounts.has(id));
  return new Set([...approvers, ...officers].map(({ person }) => person));
}

/**
 * The keys that may sign for asking: the pinned credentials of the customer whose coins move; for what staff ask, the
 * key that the manifest names for the one who asks.
 */
export function requesterKeys(
  intent: Intent,
  manifest: Manifest,
  credentials: ReadonlyMap<string, PublicKey>,
): ReadonlyMap<string, PublicKey> {
  if (askingCustomer(intent) !== undefined) return credentials;
  const staff = [...manifest.approvers, ...manifest.officers].filter(({ id }) => id === intent.requester);
  return new Map(staff.map(({ id, key }) => [id, key]));
}

/** The manifest's rule for a kind. @throws IntentError `kind_not_allowed` when it has none. */
function controlRuleFor(manifest: Manifest, kind: Intent['kind']): QuorumRule {
  const rule = manifest.controlRules.find(({ kinds }) => kinds.some((named) => named === kind));
  if (rule !== undefined) return rule;
  throw new IntentError('kind_not_allowed', 'The manifest lets nobody approve an intent of this kind.', {
    details: { kind },
  });
}

/** The quorum rule for an amount. @throws IntentError `limit_exceeded` beyond the last rule's bound. */
export function quorumRuleFor(manifest: Manifest, amount: Satoshis): QuorumRule {
  const rule = manifest.quorumRules.find(
    (entry) => entry.upToSatoshis === null || amount <= parseSatoshis(entry.upToSatoshis),
  );
  if (rule === undefined) {
    throw new IntentError('limit_exceeded', 'No quorum may approve an amount like this.', {
      details: { satoshis: formatSatoshis(amount) },
    });
  }
  return rule;
}

/** The rule by which an intent's approvals are counted. @throws IntentError `limit_exceeded`, `kind_not_allowed`. */
export function ruleFor(intent: Intent, manifest: Manifest): QuorumRule {
  switch (quorumOf(intent)) {
    case 'amount':
      return quorumRuleFor(manifest, amountAtStake(intent));
    case 'control':
      return controlRuleFor(manifest, intent.kind);
    // One of the officers with a key file, so that the page alone never shows what is approved.
    case 'officers':
      return { approvals: manifest.officerQuorum, roles: ['officer'], localApprovals: 1 };
    case 'none':
      return { approvals: 0, roles: [], localApprovals: 0 };
  }
}

/**
 * Checks that enough different people approved, by the manifest in force now and its rule, or a stricter one.
 * @returns the rule that was met and the people who met it.
 * @throws IntentError `approval_rejected`, `approvals_insufficient`, `limit_exceeded`, `kind_not_allowed`, or what
 * `verifyApproval` throws.
 */
export async function verifyApprovals(
  intent: Intent,
  approvals: readonly Approval[],
  manifest: Manifest,
  nowMs: number,
  rule: QuorumRule = ruleFor(intent, manifest),
): Promise<{ readonly rule: QuorumRule; readonly people: readonly string[] }> {
  const people = new Set<string>();
  const local = new Set<string>();
  /** Whoever has spoken, or was spoken for: neither counts again. */
  const spoken = new Set<string>();
  // One's own word first: a delegation adds a voice and takes none away.
  const inOrder = approvals.toSorted(
    (one, other) => Number(one.delegation !== undefined) - Number(other.delegation !== undefined),
  );
  for (const approval of inOrder) {
    const approver = await verifyApproval(intent, approval, manifest, nowMs);
    if (approval.statement.decision === 'reject') {
      throw new IntentError('approval_rejected', 'An approver has rejected this.', {
        details: { approver: approver.id, reason: approval.statement.reason ?? '' },
      });
    }
    const delegator = manifest.approvers.find(({ id }) => id === approval.delegation?.statement.delegator);
    if (!rule.roles.includes((delegator ?? approver).role)) continue;
    if (delegator !== undefined) {
      if (spoken.has(approver.person) || spoken.has(delegator.person)) continue;
      spoken.add(delegator.person);
    }
    spoken.add(approver.person);
    people.add(approver.person);
    if (approver.key.algorithm === 'rsa-pss-sha256') local.add(approver.person);
  }
  if (people.size < rule.approvals || local.size < rule.localApprovals) {
    throw new IntentError('approvals_insufficient', 'Too few people have approved this.', {
      details: {
        needed: rule.approvals,
        given: people.size,
        localNeeded: rule.localApprovals,
        localGiven: local.size,
      },
    });
  }
  return { rule, people: [...people] };
}

/** What staff ask for, with the signatures of the one who asks and of those who approve. */
export interface StaffRequest {
  readonly intent: Intent;
  readonly request: RequestSignature;
  readonly approvals: readonly Approval[];
}

/**
 * Checks every signature of what staff ask for, by the manifest and nothing else; of what a customer asks for, the
 * customer's by `credentials`.
 * @returns the people who approved. @throws IntentError as `verifyRequest` and `verifyApprovals`.
 */
export async function verifyStaffRequest(
  { intent, request, approvals }: StaffRequest,
  manifest: Manifest,
  nowMs: number,
  credentials: ReadonlyMap<string, PublicKey> = new Map(),
): Promise<readonly string[]> {
  await verifyRequest(intent, request, requesterKeys(intent, manifest, credentials), nowMs);
  const { people } = await verifyApprovals(intent, approvals, manifest, nowMs);
  return people;
}
