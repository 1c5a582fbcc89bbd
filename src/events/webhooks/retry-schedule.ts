import { latestDue } from '../../shared/index.ts';

/**
 * Pauses after the first, second … failed attempt, in seconds: the schedule that Standard Webhooks suggests, three
 * days in all.
 */
const PAUSES_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** Each pause is made up to a tenth shorter or longer, so that what failed together does not return together. */
const JITTER = 0.1;

/** An endpoint at which nothing has arrived for so long is disabled. */
export const DISABLE_AFTER_MS = 5 * 86_400_000;

/** An attempt that is due later than this was put off by a clock that has been put back since. */
export function latestAttempt(nowMs: number): Date {
  return latestDue(nowMs, 2 * 1_000 * Math.max(...PAUSES_SECONDS));
}

/**
 * When to try again after so many failed tries, or null when that was the last.
 * @param chance In [0, 1).
 */
export function nextAttempt(nowMs: number, tries: number, chance: number): Date | null {
  const seconds = PAUSES_SECONDS[tries - 1];
  if (seconds === undefined) return null;
  return new Date(nowMs + Math.round(seconds * 1_000 * (1 - JITTER + 2 * JITTER * chance)));
}
