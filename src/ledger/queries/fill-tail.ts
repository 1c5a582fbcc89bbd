import type { HistoryIndex } from '../store/history-index.ts';
import type { LogStore } from '../store/log-store.ts';
import { indexEntries } from './index-entries.ts';
import type { Tail } from './tail.ts';

const BATCHES_AT_ONCE = 16;
/** What may be left to the indexer at the start; more is indexed first, so that memory stays small. */
const TAIL_BATCHES_AT_START = 64;

/**
 * Fills an empty tail with what the index lacks of the log up to `sequence`, after bringing an index that is far
 * behind (a new one, or one thrown away) up to date.
 */
export async function fillTail(
  tail: Tail,
  index: HistoryIndex,
  store: LogStore,
  sequence: number,
): Promise<void> {
  for (;;) {
    const position = await index.position();
    const batches = await store.readBatches(position, BATCHES_AT_ONCE);
    if (sequence - position > TAIL_BATCHES_AT_START && batches.length > 0) {
      await index.extend(position, batches.map(indexEntries));
      continue;
    }
    tail.dropThrough(Number.MAX_SAFE_INTEGER);
    for (let after = position; after < sequence;) {
      const missing = await store.readBatches(after, BATCHES_AT_ONCE);
      for (const batch of missing) tail.add(batch);
      after = missing.at(-1)?.sequence ?? sequence;
    }
    return;
  }
}
