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

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
