import { DomainError } from '../shared/index.ts';

/** Why a key file, an envelope, a slot or a backup is refused. */
export type KeyringErrorCode =
  | 'passphrase_wrong'
  | 'passphrase_weak'
  | 'master_key_malformed'
  | 'master_key_refused'
  | 'masters_not_distinct'
  | 'secret_invalid'
  | 'envelope_context_invalid'
  | 'envelope_malformed'
  | 'envelope_version_unknown'
  | 'envelope_for_another_key'
  | 'envelope_for_other_masters'
  | 'envelope_damaged'
  | 'box_malformed'
  | 'slot_name_invalid'
  | 'slot_missing'
  | 'slot_taken'
  | 'slot_damaged'
  | 'slot_key_malformed'
  | 'file_missing'
  | 'file_exists'
  | 'file_not_regular'
  | 'file_too_large'
  | 'file_too_open'
  | 'file_inaccessible'
  | 'sites_too_few'
  | 'site_copy_differs';

export class KeyringError extends DomainError<KeyringErrorCode> {}
