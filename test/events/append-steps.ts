import { appendEvent } from '../../src/events/index.ts';
import { inTransaction, type Database } from '../../src/database/index.ts';
import { newId } from '../../src/shared/index.ts';

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
        await appendEvent(tx, {
          type: 'deposit.credited',
          subject: newId('deposit'),
          customer: null,
          data: { writer, step, aborted: options.abort },
        });
      }
      await new Promise((resolve) => setTimeout(resolve, options.holdMs));
      if (options.abort) throw new Error('aborted on purpose');
    },
    { timeoutMs: 60_000 },
  );
  if (options.abort) await work.catch(() => undefined);
  else await work;
}
