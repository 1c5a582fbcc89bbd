import { latestDue } from '../shared/index.ts';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** A step that is due later than this was put off by a clock that has been put back since. */
export function latestTry(nowMs: number): Date {
  return latestDue(nowMs, 2 * LONGEST_PAUSE_MS);
}

/** When a step that failed is tried again: after 1, 2, 4 … seconds, at most 5 minutes. */
export function nextTry(nowMs: number, failures: number): Date {
  return new Date(nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 20)));
}

/** Of rows, those whose time has come, as a condition. */
export function dueNow(nowMs: number) {
  return { OR: [{ nextStepAt: { lte: new Date(nowMs) } }, { nextStepAt: { gt: latestTry(nowMs) } }] };
}
