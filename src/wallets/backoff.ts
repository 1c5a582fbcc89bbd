const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** When a step that failed is tried again: after 1, 2, 4 … seconds, at most 5 minutes. */
export function nextTry(nowMs: number, failures: number): Date {
  return new Date(nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 20)));
}
