import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waiting, as a dependency: the simulation decides when time passes. Nothing in the ledger is safe because
 * of it, only lively.
 */
export interface Scheduler {
  /** Milliseconds of a clock that never jumps; only differences mean anything. */
  monotonicMs(): number;
  sleep(ms: number): Promise<void>;
}

export const systemScheduler: Scheduler = {
  monotonicMs: () => performance.now(),
  sleep: (ms) => sleep(ms),
};
