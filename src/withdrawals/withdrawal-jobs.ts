import { expireIntents } from '../approvals/index.ts';
import { stepOnce } from './stepper.ts';
import type { StepParts } from './withdrawal-parts.ts';

/**
 * Ends what has expired, and takes the next step of one withdrawal that is due; any number of workers may do so.
 * @returns how many things there were to do.
 */
export async function stepWithdrawals(
  parts: StepParts,
  onFailure: (thrown: unknown) => void,
): Promise<number> {
  const expired = await expireIntents(parts.database, parts.queue, parts.clock, onFailure);
  return expired + ((await stepOnce(parts, onFailure)) ? 1 : 0);
}
