import { escalateIntents } from '../../approvals/index.ts';
import type { Database } from '../../database/index.ts';
import type { Clock } from '../../shared/index.ts';

interface EscalationParts {
  readonly database: Database;
  readonly clock: Clock;
  /** How long an intent may lie that nobody has claimed. */
  readonly escalateMs: number;
}

/** Nobody minds half a minute of what takes hours. */
const LOOK_MS = 30_000;
/** Whoever has claimed it is given more time. */
const CLAIMED_FACTOR = 4;

/** Work for the loop: tells a further role of what lies in the approval queue. */
export function escalationWork(
  { database, clock, escalateMs }: EscalationParts,
  onFailure: (thrown: unknown) => void,
): () => Promise<number> {
  const limits = { unclaimedMs: escalateMs, unapprovedMs: CLAIMED_FACTOR * escalateMs };
  let lookAgainAtMs = 0;
  return async () => {
    const nowMs = clock.nowMs();
    // Also when the clock was put back.
    if (nowMs < lookAgainAtMs && lookAgainAtMs - nowMs <= LOOK_MS) return 0;
    lookAgainAtMs = nowMs + LOOK_MS;
    return await escalateIntents(database, clock, limits, onFailure);
  };
}
