import { DomainError } from '../../shared/index.ts';

/** Why bytes are not what the format document says. */
export type LedgerFormatErrorCode =
  | 'value_out_of_range'
  | 'batch_malformed'
  | 'batch_hash_wrong'
  | 'checkpoint_malformed'
  | 'checkpoint_hash_wrong'
  | 'frame_malformed'
  | 'frame_too_large'
  | 'frame_version_unknown';

export class LedgerFormatError extends DomainError<LedgerFormatErrorCode> {}
