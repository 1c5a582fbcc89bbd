import type { Queryable } from '../postgres/index.ts';
import { isoTime } from '../shared/index.ts';
import { SignerError } from './errors.ts';

/** Clocks are corrected by so much at most; whatever has expired for longer stays expired. */
const TOLERANCE_MS = 2 * 3_600_000;
/** More than a month of them: the audit log is attested every hour. */
const ENTRIES = 1_000;

/**
 * Whoever sets the signer's clock back makes what has expired current again. Its own record knows better: nothing is
 * signed at a time that lies well before what was written down in this epoch. After a clock that was ahead by
 * mistake, officers begin another epoch by sealing and resuming. @throws SignerError `clock_set_back`.
 */
export async function requireClock(tx: Queryable, epoch: number, nowMs: number): Promise<void> {
  const { rows } = await tx.query<{ latest: bigint | null }>(
    `SELECT max(at_ms) AS latest FROM (
       SELECT at_ms FROM signer.journal WHERE epoch = $1 ORDER BY counter DESC LIMIT ${ENTRIES}) AS recent`,
    [epoch],
  );
  const latest = Number(rows[0]?.latest ?? 0);
  if (nowMs >= latest - TOLERANCE_MS) return;
  throw new SignerError(
    'clock_set_back',
    'The clock is behind what was written down already: nothing is signed.',
    {
      details: { now: isoTime(nowMs), latest: isoTime(latest) },
      retryable: true,
    },
  );
}
