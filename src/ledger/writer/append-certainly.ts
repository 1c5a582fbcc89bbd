import { batchHash } from '../format/index.ts';
import type { Scheduler } from '../scheduler.ts';
import type { LogBatch, LogStore } from '../store/log-store.ts';

/** `superseded`: another leader writes the log now; nothing may be answered from this process's state. */
export type AppendOutcome = 'committed' | 'superseded' | 'stopped';

export interface AppendContext {
  readonly store: LogStore;
  readonly scheduler: Scheduler;
  readonly stopping: () => boolean;
  readonly onTrouble: (error: unknown) => void;
}

/** Pause between attempts while the database does not answer. */
const RETRY_MS = 50;

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/**
 * Appends a batch and returns only when its fate is certain. After any error or refusal the log is read
 * again: the same hash there means committed (then one more durable write makes sure that the synchronous
 * standbys have it as well), nothing there means that the identical bytes are sent again and nothing else,
 * since the lost commit may still land; another hash, or another epoch in the lease, means step down.
 */
export async function appendCertainly(batch: LogBatch, context: AppendContext): Promise<AppendOutcome> {
  while (!context.stopping()) {
    try {
      if (await context.store.append(batch)) return 'committed';
    } catch (error) {
      context.onTrouble(error);
    }
    try {
      const outcome = await settle(batch, context.store);
      if (outcome !== 'absent') return outcome;
    } catch (error) {
      context.onTrouble(error);
      await context.scheduler.sleep(RETRY_MS);
    }
  }
  return 'stopped';
}

async function settle(batch: LogBatch, store: LogStore): Promise<'committed' | 'superseded' | 'absent'> {
  // A beat needs the lease row for itself, so it waits for an append of ours that is still under way.
  const leads = await store.beat(batch.epoch);
  const hash = await store.readHash(batch.sequence);
  if (hash === undefined) return leads ? 'absent' : 'superseded';
  if (!sameBytes(hash, batchHash(batch.header))) return 'superseded';
  // Read again after the hash was seen: this write's durability covers the batch's.
  return (await store.beat(batch.epoch)) ? 'committed' : 'superseded';
}
