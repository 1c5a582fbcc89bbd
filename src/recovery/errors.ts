import { DomainError } from '../shared/index.ts';

/** Why a recovery kit, a key or a sweep is refused. */
export type RecoveryErrorCode =
  | 'kit_malformed'
  | 'kit_version_unknown'
  | 'kit_checksum_wrong'
  | 'kit_contradicts_itself'
  | 'kit_for_another_wallet'
  | 'recovery_key_unreadable'
  | 'recovery_key_foreign'
  | 'recovery_keys_too_few'
  | 'recovery_masters_missing'
  | 'recovery_nothing_found'
  | 'recovery_destination_own'
  | 'sweep_differs';

export class RecoveryError extends DomainError<RecoveryErrorCode> {}
