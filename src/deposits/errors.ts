import { DomainError } from '../shared/index.ts';

/** Why a deposit cannot be shown or moved. */
export type DepositErrorCode =
  | 'deposit_unknown'
  | 'deposit_step_forbidden'
  | 'deposit_changed_meanwhile'
  | 'deposit_damaged'
  | 'chain_not_followed'
  | 'height_not_followed';

export class DepositError extends DomainError<DepositErrorCode> {}
