import { DomainError } from '../shared/index.ts';

/** Why a master lock cannot be registered, ended or looked at. */
export type LockErrorCode =
  | 'master_lock_not_found'
  | 'master_lock_of_another'
  | 'master_lock_key_differs'
  | 'master_lock_not_in_place'
  | 'master_lock_being_registered'
  | 'master_lock_step_forbidden'
  | 'master_lock_changed_meanwhile'
  | 'lock_recovery_not_found'
  | 'lock_recovery_under_way'
  | 'lock_recovery_ended';

export class LockError extends DomainError<LockErrorCode> {}
