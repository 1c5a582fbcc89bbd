import { setTimeout as sleep } from 'node:timers/promises';
import { SharedError } from '../../shared/index.ts';

const POLL_MS = 200;
const PATIENCE_MS = 120_000;

/** Looks again and again until what is seen fits. @throws SharedError when it does not in two minutes. */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T>,
  fits: (seen: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (fits(seen)) return seen;
    if (Date.now() > deadline) {
      throw new SharedError(
        'config_invalid',
        `Waited in vain for: ${what}; last seen: ${JSON.stringify(seen).slice(0, 300)}`,
      );
    }
    await sleep(POLL_MS);
  }
}
