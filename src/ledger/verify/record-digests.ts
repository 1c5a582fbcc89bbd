import { hash } from 'node:crypto';
import { RECORD_BYTES } from '../format/index.ts';

/**
 * The batch's hash proves that something in it was altered; these digests, kept beside the index, say what.
 * They are the first 16 bytes of SHA-256 over the header, then over each record. Nothing is trusted because
 * of them: whoever can alter them too only makes the place harder to name, never the change harder to find.
 */
export const DIGEST_BYTES = 16;

/** The digest of the header (first), then of each record. */
export function digestBatch(header: Uint8Array, records: Uint8Array): Uint8Array {
  const count = records.byteLength / RECORD_BYTES;
  const digests = new Uint8Array((count + 1) * DIGEST_BYTES);
  digests.set(digest(header));
  for (let i = 0; i < count; i++) {
    const record = records.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES);
    digests.set(digest(record), (i + 1) * DIGEST_BYTES);
  }
  return digests;
}

function digest(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer').subarray(0, DIGEST_BYTES);
}
