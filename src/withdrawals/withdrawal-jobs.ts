import { setTimeout as sleep } from 'node:timers/promises';
import { expireIntents } from '../approvals/index.ts';
import { stepOnce } from './stepper.ts';
import type { StepParts } from './withdrawal-parts.ts';

export interface WithdrawalJobOptions {
  readonly signal: AbortSignal;
  /** Told of whatever went wrong; the work goes on. */
  readonly onFailure: (thrown: unknown) => void;
  /** Between two looks when nothing is due. Default 250 ms. */
  readonly idleMs?: number;
}

const IDLE_MS = 250;
const FAILURE_MS = 1_000;
const EXPIRY_EVERY_MS = 5_000;

/** Carries withdrawals on until it is stopped. Any number of workers may run it at once. */
export async function runWithdrawals(parts: StepParts, options: WithdrawalJobOptions): Promise<void> {
  const { signal, onFailure, idleMs = IDLE_MS } = options;
  let expiredAtMs = 0;
  while (!signal.aborted) {
    let rest = 0;
    try {
      if (parts.clock.nowMs() - expiredAtMs >= EXPIRY_EVERY_MS) {
        await expireIntents(parts.database, parts.queue, parts.clock);
        expiredAtMs = parts.clock.nowMs();
      }
      rest = (await stepOnce(parts, onFailure)) ? 0 : idleMs;
    } catch (thrown) {
      onFailure(thrown);
      rest = FAILURE_MS;
    }
    if (rest > 0) await sleep(rest, undefined, { signal }).catch(() => undefined);
  }
}
