import { DomainError } from '../shared/index.ts';

export type WithdrawalErrorCode =
  | 'withdrawal_unknown'
  | 'withdrawal_step_forbidden'
  | 'withdrawal_changed_meanwhile'
  | 'withdrawal_destination_invalid'
  | 'withdrawal_destination_dust'
  | 'withdrawal_source_missing'
  | 'withdrawal_fee_cap_too_low'
  | 'withdrawal_fee_cap_too_high'
  | 'withdrawal_damaged'
  | 'withdrawal_not_signed'
  | 'fee_bump_not_possible'
  | 'bundle_unknown'
  | 'bundle_not_awaited'
  | 'bundle_signature_missing'
  | 'signer_answer_wrong'
  | 'second_signer_missing'
  | 'ledger_refused';

export class WithdrawalError extends DomainError<WithdrawalErrorCode> {}
