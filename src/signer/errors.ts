import { DomainError } from '../shared/index.ts';

/**
 * Why the signer or its witness refuses. What is wrong with a bundle, manifest, registration or PSBT itself is
 * said with the codes of `IntentError` and `BitcoinError`.
 */
export type SignerErrorCode =
  | 'wire_malformed'
  | 'wire_too_large'
  | 'wire_unknown_method'
  | 'wire_unreachable'
  | 'answer_malformed'
  | 'parameters_malformed'
  | 'manifest_missing'
  | 'manifest_not_pinned'
  | 'network_differs'
  | 'signer_sealed'
  | 'witness_out_of_reach'
  | 'resume_wrong'
  | 'masters_missing'
  | 'backup_failed'
  | 'signer_file_damaged'
  | 'platform_key_missing'
  | 'platform_key_foreign'
  | 'key_already_used'
  | 'wallet_unknown'
  | 'wallet_registered_otherwise'
  | 'credentials_differ'
  | 'credential_unknown'
  | 'cosigner_signature_missing'
  | 'intent_revoked'
  | 'transaction_abandoned'
  | 'intent_consumed'
  | 'outpoint_promised'
  | 'replacement_not_higher'
  | 'daily_limit_exceeded'
  | 'approval_before_resume'
  | 'witness_key_mismatch'
  | 'witness_file_damaged'
  | 'witness_statement_malformed'
  | 'witness_signer_unknown'
  | 'witness_signature_wrong'
  | 'witness_counter_rolled_back'
  | 'witness_counter_skips'
  | 'witness_statement_conflicts'
  | 'witness_manifest_rolled_back';

export class SignerError extends DomainError<SignerErrorCode> {}
