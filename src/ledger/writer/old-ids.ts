import type { Engine, OldIdRecords } from '../engine/index.ts';
import { RECORD_BYTES, RECORD_OFFSET } from '../format/index.ts';
import type { HistoryReader } from '../queries/history-reader.ts';
import type { Scheduler } from '../scheduler.ts';

export interface OldIdContext {
  readonly engine: Engine;
  readonly history: HistoryReader;
  readonly scheduler: Scheduler;
  readonly stopping: () => boolean;
  readonly onTrouble: (error: unknown) => void;
}

const RETRY_MS = 50;
const ID_BYTES = 16;

/**
 * What the whole log knows of the ids in a batch that the engine no longer remembers. Needed only for ids much
 * older than the last hundred thousand or so; one query for all of them. Undefined when told to stop.
 */
export async function lookUpOldIds(
  records: Uint8Array,
  context: OldIdContext,
): Promise<OldIdRecords | undefined> {
  const old = context.engine.oldIds(records);
  const answers = new Map<number, Uint8Array | null>();
  if (old.length === 0) return answers;
  const ids = old.map((record) => {
    const at = record * RECORD_BYTES + RECORD_OFFSET.id;
    return records.subarray(at, at + ID_BYTES);
  });
  while (!context.stopping()) {
    try {
      const found = await context.history.find(ids);
      old.forEach((record, n) => answers.set(record, found[n]?.bytes ?? null));
      return answers;
    } catch (error) {
      context.onTrouble(error);
      await context.scheduler.sleep(RETRY_MS);
    }
  }
  return undefined;
}
