import type { QuorumRule } from '../intents/index.ts';
import type { RuleOutcome } from './policy-document-contract.ts';

/** What must happen besides what the manifest asks for. */
export type Requirement =
  | { readonly denied: true }
  | {
      readonly denied: false;
      /** Each of them must be met, all by different people within it. */
      readonly quorums: readonly QuorumRule[];
      readonly delayMs: number;
    };

const MINUTE_MS = 60_000;

/** What the manifest asks for suffices. */
export const NOTHING_MORE: Requirement = { denied: false, quorums: [], delayMs: 0 };
export const DENIED: Requirement = { denied: true };

/** What a rule's outcome asks for. */
export function requirementOf(then: RuleOutcome): Requirement {
  switch (then.outcome) {
    case 'deny':
      return DENIED;
    case 'allow':
      return NOTHING_MORE;
    case 'delay':
      return { denied: false, quorums: [], delayMs: then.delayMinutes * MINUTE_MS };
    case 'approvals': {
      const { approvals, roles, localApprovals = 0, delayMinutes = 0 } = then;
      return {
        denied: false,
        quorums: [{ approvals, roles, localApprovals }],
        delayMs: delayMinutes * MINUTE_MS,
      };
    }
  }
}

/** Whether whoever satisfies the first has satisfied the second, for certain. */
function coversQuorum(one: QuorumRule, other: QuorumRule): boolean {
  return (
    one.approvals >= other.approvals &&
    one.localApprovals >= other.localApprovals &&
    one.roles.every((role) => other.roles.includes(role))
  );
}

/** Whether the first asks for everything that the second asks for. */
export function isAsStrict(one: Requirement, other: Requirement): boolean {
  if (one.denied) return true;
  if (other.denied || one.delayMs < other.delayMs) return false;
  return other.quorums.every((wanted) => one.quorums.some((given) => coversQuorum(given, wanted)));
}

/** What all of them ask for together. */
export function strictest(requirements: readonly Requirement[]): Requirement {
  let quorums: readonly QuorumRule[] = [];
  let delayMs = 0;
  for (const requirement of requirements) {
    if (requirement.denied) return DENIED;
    const asked = quorums;
    const missing = requirement.quorums.filter(
      (wanted) => !asked.some((given) => coversQuorum(given, wanted)),
    );
    const kept = asked.filter((given) => !missing.some((wanted) => coversQuorum(wanted, given)));
    quorums = [...kept, ...missing];
    delayMs = Math.max(delayMs, requirement.delayMs);
  }
  return { denied: false, quorums, delayMs };
}
