import { DomainError } from '../shared/index.ts';

export type FreezeErrorCode =
  | 'account_restricted'
  | 'customer_unknown'
  | 'restriction_unknown'
  | 'restriction_step_forbidden'
  | 'restriction_changed_meanwhile'
  | 'restriction_not_acknowledged'
  | 'restriction_damaged'
  | 'breaker_tripped'
  | 'breaker_unknown'
  | 'bulk_too_large'
  | 'case_missing'
  | 'evidence_unknown'
  | 'evidence_type_refused'
  | 'evidence_too_many'
  | 'evidence_damaged'
  | 'freeze_status_missing'
  | 'statement_unfit';

/** Why an account may not do something, or a restriction cannot take a step. */
export class FreezeError extends DomainError<FreezeErrorCode> {}
