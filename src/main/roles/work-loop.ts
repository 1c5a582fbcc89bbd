import { setTimeout as sleep } from 'node:timers/promises';

export interface Work {
  /** For the log. */
  readonly name: string;
  /** Does what is due, and returns how many things that were. May be interrupted by a crash anywhere. */
  readonly step: () => Promise<number>;
}

export interface WorkLoopOptions {
  readonly signal: AbortSignal;
  readonly onFailure: (work: string, error: unknown) => void;
}

/** Rest after a step that found nothing to do: the delay that people notice. */
const IDLE_MS = 250;
/** Rest after a failure: the other side needs time, and the log is not flooded. */
const FAILURE_MS = 2_000;

/** Does one kind of work again and again until the signal aborts. A failure is told and tried again. */
export async function runWorkLoop(
  { name, step }: Work,
  { signal, onFailure }: WorkLoopOptions,
): Promise<void> {
  while (!signal.aborted) {
    let restMs = 0;
    try {
      if ((await step()) === 0) restMs = IDLE_MS;
    } catch (error) {
      onFailure(name, error);
      restMs = FAILURE_MS;
    }
    // An abort ends the rest early and is no failure.
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
  }
}
