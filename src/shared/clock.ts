/** The only source of time in domain code, so that tests and the simulation decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** A clock that stands still until told. */
export class ManualClock implements Clock {
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Negative values jump back, as real clocks do. */
  advance(byMs: number): void {
    this.#nowMs += byMs;
  }
}

/**
 * Nothing is put off for longer than `longestPauseMs`, so whatever is due after this instant was put off by a clock
 * that has been put back since: it is due now, and does not wait until that time comes again.
 */
export function latestDue(nowMs: number, longestPauseMs: number): Date {
  return new Date(nowMs + longestPauseMs);
}

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
