import { appendEvent, type PublishedEvent } from '../../src/events/index.ts';
import { inTransaction, type Database } from '../../src/database/index.ts';
import { noteOf, sampleEvent } from './sample-event.ts';

/** What an event of `appendSteps` says of itself. */
export function stepOf(event: PublishedEvent) {
  return JSON.parse(noteOf(event)) as { writer: number; step: number; aborted: boolean };
}

/** Appends one event for each step, all in one transaction, and holds it open for a while before it ends. */
export async function appendSteps(
  database: Database,
  writer: number,
  steps: readonly number[],
  options: { readonly holdMs: number; readonly abort: boolean },
): Promise<void> {
  const work = inTransaction(
    database,
    async (tx) => {
      for (const step of steps) {
        const note = JSON.stringify({ writer, step, aborted: options.abort });
        await appendEvent(tx, sampleEvent(note));
      }
      await new Promise((resolve) => setTimeout(resolve, options.holdMs));
      if (options.abort) throw new Error('aborted on purpose');
    },
    { timeoutMs: 60_000 },
  );
  if (options.abort) await work.catch(() => undefined);
  else await work;
}
