import { LedgerError } from '../errors.ts';
import { LedgerFormatError, openBatch, type Batch } from '../format/index.ts';
import type { LogBatch } from '../store/log-store.ts';

/** What the next batch must follow. */
export interface LogPlace {
  readonly sequence: number;
  readonly epoch: number;
  readonly timeMs: number;
  /** Records in the log so far. */
  readonly position: number;
  readonly hash: Uint8Array;
}

/** Why a batch is refused, in words for people and for the verifier's report. */
export function brokenLog(sequence: number, reason: string, record?: number): LedgerError {
  const where = record === undefined ? `batch ${sequence}` : `batch ${sequence}, record ${record}`;
  return new LedgerError('ledger_log_broken', `The ledger’s log is broken at ${where}: ${reason}.`, {
    details: { sequence, reason, ...(record === undefined ? {} : { record }) },
  });
}

/**
 * Verifies a stored batch: its own form and hash, that the columns repeat the header, and that it continues the
 * chain at `place`. Results are not looked at here. @throws LedgerError `ledger_log_broken` with sequence and reason.
 */
export function checkBatch(stored: LogBatch, partition: number, place: LogPlace): Batch {
  if (stored.sequence !== place.sequence + 1) {
    throw brokenLog(place.sequence + 1, `it is missing, the next one is ${stored.sequence}`);
  }
  const batch = openStored(stored);
  const refusals: readonly (readonly [boolean, string])[] = [
    [batch.sequence !== stored.sequence, 'its header bears another sequence'],
    [batch.partition !== partition, 'it belongs to another partition'],
    [batch.epoch !== stored.epoch, 'its columns differ from its header'],
    [batch.count !== stored.count, 'its columns differ from its header'],
    [batch.position !== stored.position, 'its columns differ from its header'],
    [batch.timeMs !== stored.timeMs, 'its columns differ from its header'],
    [Buffer.compare(batch.previousHash, place.hash) !== 0, 'it does not continue the batch before'],
    [batch.position !== place.position, 'it does not continue the count of records'],
    [batch.epoch < place.epoch, 'its leader was no longer in office'],
    [batch.timeMs < place.timeMs, 'its time is before that of the batch before'],
  ];
  const refusal = refusals.find(([isRefused]) => isRefused);
  if (refusal !== undefined) throw brokenLog(stored.sequence, refusal[1]);
  return batch;
}

function openStored(stored: LogBatch): Batch {
  try {
    return openBatch(stored.header, stored.records);
  } catch (error) {
    if (!(error instanceof LedgerFormatError)) throw error;
    throw brokenLog(
      stored.sequence,
      error.code === 'batch_hash_wrong' ? 'its hash is wrong' : 'it is malformed',
    );
  }
}
