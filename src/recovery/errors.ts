import { DomainError } from '../shared/index.ts';

/** Why a recovery kit, a key or a sweep is refused. */
export type RecoveryErrorCode =
  | 'kit_malformed'
  | 'kit_version_unknown'
  | 'kit_checksum_wrong'
  | 'kit_contradicts_itself'
  | 'recovery_key_foreign'
  | 'recovery_keys_too_few'
  | 'recovery_masters_missing'
  | 'recovery_nothing_found'
  | 'recovery_destination_own'
  | 'sweep_differs'
  | 'drill_malformed'
  | 'drill_answer_foreign';

export class RecoveryError extends DomainError<RecoveryErrorCode> {}
