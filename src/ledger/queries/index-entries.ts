import {
  OUTCOME,
  OUTCOME_MASK,
  RECORD_BYTES,
  RECORD_KIND,
  RECORD_OFFSET,
  usesUpItsId,
} from '../format/index.ts';
import type { BatchIndexEntries } from '../store/history-index.ts';
import type { LogBatch } from '../store/log-store.ts';
import { digestBatch } from '../verify/record-digests.ts';

const ID_BYTES = 16;

/** Whether a logged record moved money, or held or released it: what an account's history consists of. */
export function isMovement(records: Uint8Array, offset: number): boolean {
  const kind = records[offset + RECORD_OFFSET.kind];
  const outcome = (records[offset + RECORD_OFFSET.outcome] ?? 0) & OUTCOME_MASK;
  return (kind === RECORD_KIND.transfer || kind === RECORD_KIND.expiry) && outcome === OUTCOME.applied;
}

/** What the index keeps of a batch. */
export function indexEntries(batch: LogBatch): BatchIndexEntries {
  const { records } = batch;
  const count = records.byteLength / RECORD_BYTES;
  const idPositions: number[] = [];
  const accountPositions: number[] = [];
  const ids = new Uint8Array(count * ID_BYTES);
  const accounts = new Uint8Array(2 * count * ID_BYTES);
  for (let record = 0; record < count; record++) {
    const at = record * RECORD_BYTES;
    if (usesUpItsId(records, at)) {
      ids.set(records.subarray(at, at + ID_BYTES), idPositions.length * ID_BYTES);
      idPositions.push(batch.position + record);
    }
    if (!isMovement(records, at)) continue;
    for (const side of [RECORD_OFFSET.debitAccountId, RECORD_OFFSET.creditAccountId]) {
      accounts.set(records.subarray(at + side, at + side + ID_BYTES), accountPositions.length * ID_BYTES);
      accountPositions.push(batch.position + record);
    }
  }
  return {
    sequence: batch.sequence,
    ids: ids.subarray(0, idPositions.length * ID_BYTES),
    idPositions,
    accounts: accounts.subarray(0, accountPositions.length * ID_BYTES),
    accountPositions,
    digests: digestBatch(batch.header, records),
  };
}
