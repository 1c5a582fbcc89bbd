import { DomainError } from '../shared/index.ts';

/** Why the station refuses. */
export type StationErrorCode =
  | 'station_exists'
  | 'station_damaged'
  | 'station_demo_key'
  | 'document_malformed'
  | 'manifest_missing'
  | 'manifest_hash_missing'
  | 'attestation_key_differs'
  | 'pool_full'
  | 'pool_name_invalid'
  | 'site_of_another_station'
  | 'wallet_unknown'
  | 'wallet_changed'
  | 'wallet_with_two_own_keys'
  | 'credential_unknown'
  | 'credential_changed'
  | 'key_used_before'
  | 'own_key_missing'
  | 'envelope_missing'
  | 'envelope_of_another_role'
  | 'seed_does_not_fit'
  | 'confirmation_wrong'
  | 'intent_signed_otherwise'
  | 'ceremony_refused'
  | 'masters_without_root'
  | 'disaster_key_missing'
  | 'disaster_key_not_apart'
  | 'backup_manifest_missing'
  | 'backup_damaged'
  | 'rewrap_unfinished'
  | 'rewrap_refused'
  | 'shares_differ'
  | 'officer_unknown'
  | 'officer_signed_before';

export class StationError extends DomainError<StationErrorCode> {}
