import { DomainError } from '../../shared/index.ts';

/** What the engine refuses as a whole, before it has changed anything. Refused records have result codes. */
export type LedgerEngineErrorCode =
  | 'engine_batch_malformed'
  | 'engine_time_went_back'
  | 'engine_old_id_unresolved'
  | 'engine_replay_differs'
  | 'engine_checkpoint_malformed';

export class LedgerEngineError extends DomainError<LedgerEngineErrorCode> {}
