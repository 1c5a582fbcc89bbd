import type { Scheduler } from '../scheduler.ts';
import type { HistoryIndex } from '../store/history-index.ts';
import { indexEntries } from './index-entries.ts';
import type { Tail } from './tail.ts';

export interface IndexerContext {
  readonly index: HistoryIndex;
  readonly tail: Tail;
  readonly scheduler: Scheduler;
  readonly stopping: () => boolean;
  readonly onTrouble: (error: unknown) => void;
  /** Told after the tail became shorter. */
  readonly onProgress: () => void;
}

/** So many batches at most in one transaction of the index. */
const BATCHES_AT_ONCE = 64;
/** Between two transactions, so that small batches are indexed together. */
const PAUSE_MS = 20;
/** From this on the follower hurries. */
const MANY_BYTES = 8 << 20;
const RETRY_MS = 200;

/**
 * Writes the tail into the index, outside the commit path, until stopped. After an error the index itself is
 * asked how far it came: a commit whose answer was lost is not written twice.
 */
export async function runIndexer(context: IndexerContext): Promise<void> {
  const { index, tail, scheduler } = context;
  let position: number | undefined;
  while (!context.stopping()) {
    try {
      position ??= await index.position();
      tail.dropThrough(position);
      const batches = tail.oldest(BATCHES_AT_ONCE);
      const last = batches.at(-1);
      if (last !== undefined) {
        const moved = await index.extend(position, batches.map(indexEntries));
        position = moved ? last.sequence : undefined;
        if (moved) tail.dropThrough(last.sequence);
        context.onProgress();
      }
      if (tail.byteLength < MANY_BYTES) await scheduler.sleep(PAUSE_MS);
    } catch (error) {
      position = undefined;
      context.onTrouble(error);
      await scheduler.sleep(RETRY_MS);
    }
  }
}
