import { DomainError } from '../shared/index.ts';

export type PolicyErrorCode =
  | 'policy_malformed'
  | 'policy_too_large'
  | 'policy_conflicting'
  | 'policy_cyclic'
  | 'policy_unmeetable'
  | 'policy_unchanged'
  | 'policy_damaged'
  | 'policy_version_unknown'
  | 'policy_draft_unknown'
  | 'policy_draft_outdated'
  | 'policy_draft_settled'
  | 'limit_rule_unknown'
  | 'limit_raise_invalid'
  | 'limit_raise_own'
  | 'limit_raise_unknown';

/** Why a policy, or a draft of one, is refused. */
export class PolicyError extends DomainError<PolicyErrorCode> {}
