import { MAX_BATCH_RECORDS } from '../format/index.ts';
import { LedgerEngineError } from './errors.ts';
import { RECORD_WORDS, WORD } from './record-words.ts';

/**
 * Whether these are 1 to 8,190 records without outcomes or results, not earlier than the batch before.
 * @throws LedgerEngineError `engine_batch_malformed`, `engine_time_went_back`.
 */
export function checkBatch(words: Uint32Array, timeMs: number, lastTimeMs: number): void {
  const count = words.length / RECORD_WORDS;
  if (count < 1 || count > MAX_BATCH_RECORDS) throw malformed('count');
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) throw malformed('time');
  if (timeMs < lastTimeMs) {
    throw new LedgerEngineError('engine_time_went_back', 'A batch may not be earlier than the one before.', {
      details: { timeMs, lastTimeMs },
    });
  }
  for (let r = 0; r < words.length; r += RECORD_WORDS) {
    const hasOutcome = ((words[r + WORD.state] as number) & 0xffff_0000) !== 0;
    if (hasOutcome || words[r + WORD.result] !== 0) throw malformed('outcome');
  }
}

function malformed(reason: string): LedgerEngineError {
  return new LedgerEngineError('engine_batch_malformed', 'These records are not a batch to apply.', {
    details: { reason },
  });
}
