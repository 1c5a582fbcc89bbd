import { DomainError } from '../shared/index.ts';

/** Why the signer or its witness refuses. */
export type SignerErrorCode =
  | 'wire_malformed'
  | 'wire_too_large'
  | 'wire_unknown_method'
  | 'wire_unreachable'
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
