import { DomainError } from '../shared/index.ts';

export type ApprovalErrorCode =
  | 'queued_intent_unknown'
  | 'queued_intent_settled'
  | 'queued_intent_of_another'
  | 'queued_intent_not_signed'
  | 'queued_intent_damaged'
  | 'queued_intent_changed_meanwhile'
  | 'queued_intent_kind_unknown'
  | 'queued_intent_claimed'
  | 'approval_already_given'
  | 'approval_of_another'
  | 'approval_passkey_cloned'
  | 'approval_denied_by_policy';

export class ApprovalError extends DomainError<ApprovalErrorCode> {}
