import {
  EvidenceError,
  IntentError,
  intentHash,
  link,
  refuseEvidence,
  verifyStaffRequest,
  type Manifest,
  type PolicyEvidence,
} from '../intents/index.ts';
import { looseningSentence, loosenings } from './compare-documents.ts';
import { DEFAULT_DOCUMENT, DEFAULT_VERSION } from './default-document.ts';
import { parsePolicyDocument, policyHash } from './document.ts';
import type { PolicyDocument } from './policy-document-contract.ts';

/** What whoever checks the history of the policy brings along. */
export interface PolicyTrust {
  /** Those that may have been in force when a change took effect. */
  readonly manifests: readonly Manifest[];
  /** Whatever was signed later than this is not believed. */
  readonly nowMs: number;
  /** Version 1, when it is not the one that is built in. */
  readonly initial?: PolicyDocument;
}

/** A version of the policy of which it is known by whose word it came into force. */
export interface VerifiedPolicy {
  readonly number: number;
  readonly document: PolicyDocument;
  readonly hash: string;
  readonly origin:
    | { readonly kind: 'built_in' }
    | { readonly kind: 'tighter' }
    | { readonly kind: 'approved'; readonly people: readonly string[] };
}

const CODE = 'evidence_policy_wrong';

/** Who approved a change, by the newest manifest under which the signatures hold. */
async function approvedBy(
  { intent, request, approvals }: NonNullable<PolicyEvidence['change']>,
  { manifests, nowMs }: PolicyTrust,
): Promise<readonly string[]> {
  if (request === null) refuseEvidence(CODE, `Nobody signed ${intent.id}, which changes the policy.`);
  let refusal: IntentError | undefined;
  for (const manifest of [...manifests].sort((one, other) => other.number - one.number)) {
    try {
      return await verifyStaffRequest({ intent, request, approvals }, manifest, nowMs);
    } catch (thrown) {
      if (!(thrown instanceof IntentError)) throw thrown;
      refusal ??= thrown;
    }
  }
  throw new EvidenceError(CODE, `Too few people approved ${intent.id}, which changes the policy.`, {
    details: { because: refusal?.code ?? 'manifest_not_signed', intentHash: intentHash(intent) },
    cause: refusal,
  });
}

/**
 * Checks that one version came into force rightly: it is the one that is built in, or people approved this very text
 * in place of the version before, or it provably lets nothing through that the version before would not.
 * @throws EvidenceError `evidence_policy_wrong`.
 */
export async function verifyPolicy(
  { number, document: text, change }: PolicyEvidence,
  before: VerifiedPolicy | undefined,
  trust: PolicyTrust,
): Promise<VerifiedPolicy> {
  const document = await link(CODE, () => parsePolicyDocument(text));
  const hash = policyHash(document);
  const version = { number, document, hash };
  const predecessor = before?.number === number - 1 ? before : undefined;
  if (number === DEFAULT_VERSION) {
    const builtIn = policyHash(trust.initial ?? DEFAULT_DOCUMENT);
    if (hash !== builtIn) refuseEvidence(CODE, 'Version 1 of the policy is not the one that is built in.');
    return { ...version, origin: { kind: 'built_in' } };
  }
  if (change !== null) {
    const { body } = change.intent;
    const isThis = body.policyHash === hash && body.replaces === number - 1;
    const follows = predecessor === undefined || body.replacesHash === predecessor.hash;
    if (!isThis || !follows) {
      refuseEvidence(CODE, `What people approved is not version ${number} of the policy.`);
    }
    return { ...version, origin: { kind: 'approved', people: await approvedBy(change, trust) } };
  }
  if (predecessor === undefined) {
    refuseEvidence(CODE, `By whose word version ${number} of the policy came into force is missing.`);
  }
  const [looser] = loosenings(predecessor.document, document);
  if (looser !== undefined) {
    const because = looseningSentence(looser);
    refuseEvidence(CODE, `Nobody approved version ${number} of the policy, which is looser: ${because}`);
  }
  return { ...version, origin: { kind: 'tighter' } };
}

/**
 * Checks how each of these versions came into force, by the officers' manifests alone and without a network.
 * @throws EvidenceError `evidence_policy_wrong`.
 */
export async function verifyPolicies(
  policies: readonly PolicyEvidence[],
  trust: PolicyTrust,
): Promise<readonly VerifiedPolicy[]> {
  const verified: VerifiedPolicy[] = [];
  for (const policy of policies) verified.push(await verifyPolicy(policy, verified.at(-1), trust));
  return verified;
}
