import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '../../../src/shared/index.ts';

const POLL_MS = 100;
/** Many processes share two cores; nothing here takes a second when they are free. */
const PATIENCE_MS = 600_000;

/** Refusals that stay as they are however often the request is sent. A key in progress does not. */
const FINAL = /was answered with 4(?!09|29)\d\d/;

/**
 * Does something again and again, as a client who has got no answer does, until it succeeds or is refused for good.
 * The same request each time: whoever calls keeps key and body.
 */
export async function patiently<T>(what: string, act: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await act();
    } catch (thrown) {
      const text = describeError(thrown);
      const final =
        FINAL.test(text) || (text.includes(' 409') && !text.includes('idempotency_key_in_progress'));
      if (final || Date.now() > deadline) throw new Error(`${what}: ${text}`, { cause: thrown });
    }
    await sleep(POLL_MS);
  }
}

/** Looks until what is seen fits; a look that fails is a look in vain. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  fits: (seen: T) => boolean,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (fits(seen)) return seen;
      last = seen;
    } catch (thrown) {
      last = describeError(thrown);
    }
    if (Date.now() > deadline) {
      const text = JSON.stringify(last, (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      throw new Error(`waited in vain for ${what}; last seen: ${text.slice(0, 1_500)}`);
    }
    await sleep(POLL_MS);
  }
}
