import {
  IntentError,
  ruleFor,
  verifyApproval,
  verifyApprovals,
  type Approval,
  type Intent,
  type Manifest,
  type QuorumRule,
} from '../intents/index.ts';

/** Those that still count: somebody whom a newer manifest has left out does not approve any more. */
export async function countingApprovals(
  intent: Intent,
  approvals: readonly Approval[],
  manifest: Manifest,
  nowMs: number,
): Promise<readonly Approval[]> {
  const counting: Approval[] = [];
  for (const approval of approvals) {
    try {
      await verifyApproval(intent, approval, manifest, nowMs);
      counting.push(approval);
    } catch (thrown) {
      if (!(thrown instanceof IntentError)) throw thrown;
    }
  }
  return counting;
}

async function meets(
  intent: Intent,
  approvals: readonly Approval[],
  manifest: Manifest,
  nowMs: number,
  rule: QuorumRule,
): Promise<boolean> {
  try {
    await verifyApprovals(intent, approvals, manifest, nowMs, rule);
    return true;
  } catch (thrown) {
    if (thrown instanceof IntentError && thrown.code === 'approvals_insufficient') return false;
    throw thrown;
  }
}

/**
 * Whether approvals satisfy every rule of the policy and the manifest's own, by which the signer will count.
 * @throws IntentError `limit_exceeded`, `kind_not_allowed` for what no quorum may approve.
 */
export async function quorumMet(
  intent: Intent,
  approvals: readonly Approval[],
  manifest: Manifest,
  rules: readonly QuorumRule[],
  nowMs: number,
): Promise<boolean> {
  // Whatever the policy says, the signer counts by the manifest.
  for (const rule of [ruleFor(intent, manifest), ...rules]) {
    if (!(await meets(intent, approvals, manifest, nowMs, rule))) return false;
  }
  return true;
}
