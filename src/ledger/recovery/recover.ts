import { Engine, LedgerEngineError, type EngineOptions } from '../engine/index.ts';
import { LedgerFormatError, openBatch, type Batch } from '../format/index.ts';
import type { LedgerLogger } from '../logger.ts';
import type { CheckpointHead, CheckpointStore } from '../store/checkpoint-store.ts';
import type { LogBatch, LogStore } from '../store/log-store.ts';
import { Replica } from './replica.ts';

export interface RecoveryContext {
  readonly store: LogStore;
  readonly checkpoints: CheckpointStore;
  readonly partition: number;
  readonly engineOptions: EngineOptions;
  readonly logger: LedgerLogger;
}

/** Ids are remembered again from at most so many batches; beyond, they are looked up in the index when needed. */
const WARM_BATCHES = 16_384;
const BATCHES_AT_ONCE = 32;

/**
 * The books from the newest checkpoint that is valid and fits the log, and then the log after it. A checkpoint
 * that is not valid is passed over with a warning: it is only a shortcut. A broken log is refused.
 * @throws LedgerError `ledger_log_broken`, `ledger_store_unavailable`.
 */
export async function recover(context: RecoveryContext): Promise<Replica> {
  for (const head of await context.checkpoints.listCheckpoints()) {
    const restored = await fromCheckpoint(head, context);
    if (restored instanceof Replica) {
      await restored.follow(context.store);
      return restored;
    }
    context.logger.warn({ sequence: head.sequence, reason: restored }, 'ledger checkpoint passed over');
  }
  const replica = Replica.empty(context.partition, context.engineOptions);
  await replica.follow(context.store);
  return replica;
}

/** The replica, or why this checkpoint does not serve. */
async function fromCheckpoint(head: CheckpointHead, context: RecoveryContext): Promise<Replica | string> {
  const bytes = await context.checkpoints.readCheckpoint(head.sequence);
  let restored: ReturnType<typeof Engine.restore>;
  try {
    restored = Engine.restore(bytes, context.engineOptions);
  } catch (error) {
    if (error instanceof LedgerFormatError || error instanceof LedgerEngineError) return error.code;
    throw error;
  }
  const { engine, header } = restored;
  if (header.partition !== context.partition) return 'another partition';
  if (header.sequence !== head.sequence) return 'another sequence';
  const [last] = await context.store.readBatches(header.sequence - 1, 1);
  if (last?.sequence !== header.sequence) return 'the log does not reach it';
  const batch = openedOrNone(last);
  if (batch === undefined) return 'the log is broken there';
  if (Buffer.compare(batch.hash, header.batchHash) !== 0) return 'another batch in its place';
  await warm(engine, header.forgottenSequence, header.sequence, context.store);
  const { sequence, epoch, timeMs, position, count, hash } = batch;
  return new Replica(context.partition, engine, {
    sequence,
    epoch,
    timeMs,
    position: position + count,
    hash,
  });
}

function openedOrNone(stored: LogBatch): Batch | undefined {
  try {
    return openBatch(stored.header, stored.records);
  } catch (error) {
    if (error instanceof LedgerFormatError) return undefined;
    throw error;
  }
}

/** Fills the engine's memory of recent ids: for speed alone. */
async function warm(engine: Engine, forgotten: number, upTo: number, store: LogStore): Promise<void> {
  if (upTo - forgotten > WARM_BATCHES) return;
  for (let sequence = forgotten; sequence < upTo;) {
    const batches = await store.readBatches(sequence, Math.min(BATCHES_AT_ONCE, upTo - sequence));
    for (const batch of batches) {
      sequence = batch.sequence;
      if (!engine.remember(batch.records, batch.sequence)) return;
    }
    if (batches.length === 0) return;
  }
}
