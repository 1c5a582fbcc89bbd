import { DomainError } from '../shared/index.ts';

export type PolicyErrorCode =
  | 'policy_malformed'
  | 'policy_too_large'
  | 'policy_conflicting'
  | 'policy_cyclic'
  | 'policy_damaged'
  | 'policy_version_unknown';

/** Why a policy, a draft of one, or a list is refused. */
export class PolicyError extends DomainError<PolicyErrorCode> {}
