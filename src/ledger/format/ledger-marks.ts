import { LedgerFormatError } from './errors.ts';
import { RECORD_BYTES, RECORD_KIND, RECORD_MARK, RECORD_OFFSET as AT } from './record-layout.ts';

/** A record that only says that time has passed, for the writer. */
export function encodeClock(into: Uint8Array, offset = 0): void {
  into.fill(0, offset, offset + RECORD_BYTES);
  into[offset + AT.kind] = RECORD_KIND.clock;
  into[offset + AT.marks] = RECORD_MARK.ownRecord;
}

/**
 * Prepares a client's records for a batch: marks the last as the end of its request.
 * @throws LedgerFormatError `frame_malformed` when it is not whole records or one claims marks, an outcome or a
 * result, which are the ledger's to give.
 */
export function markRequest(records: Uint8Array): void {
  const refuse = (reason: string): never => {
    throw new LedgerFormatError('frame_malformed', 'These bytes are not a ledger request.', {
      details: { reason },
    });
  };
  if (records.byteLength === 0 || records.byteLength % RECORD_BYTES !== 0) refuse('length');
  for (let at = 0; at < records.byteLength; at += RECORD_BYTES) {
    for (let byte = at + AT.marks; byte < at + RECORD_BYTES; byte++) {
      if (records[byte] !== 0) refuse('marks, outcome and result must be zero');
    }
  }
  records[records.byteLength - RECORD_BYTES + AT.marks] = RECORD_MARK.endOfRequest;
}
