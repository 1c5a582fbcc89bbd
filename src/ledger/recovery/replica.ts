import { Engine, LedgerEngineError, type EngineOptions } from '../engine/index.ts';
import { GENESIS_HASH } from '../format/index.ts';
import type { LogBatch, LogStore } from '../store/log-store.ts';
import { brokenLog, checkBatch, type LogPlace } from './check-batch.ts';

/** So many batches are read at once: up to 32 MB. */
const BATCHES_AT_ONCE = 32;

/** The books of one partition as of a place in its log, moved forward by verifying and replaying the log. */
export class Replica {
  readonly engine: Engine;
  readonly partition: number;
  #place: LogPlace;

  constructor(partition: number, engine: Engine, place: LogPlace) {
    this.partition = partition;
    this.engine = engine;
    this.#place = place;
  }

  /** Before the first batch. */
  static empty(partition: number, options: EngineOptions): Replica {
    const place = { sequence: 0, epoch: 0, timeMs: 0, position: 0, hash: GENESIS_HASH };
    return new Replica(partition, new Engine(options), place);
  }

  get place(): LogPlace {
    return this.#place;
  }

  /** @throws LedgerError `ledger_log_broken`: then this replica must be dropped. */
  apply(stored: LogBatch): void {
    const batch = checkBatch(stored, this.partition, this.#place);
    try {
      this.engine.replay(batch.records, batch.timeMs);
    } catch (error) {
      if (!(error instanceof LedgerEngineError)) throw error;
      const record = error.details['record'];
      throw brokenLog(stored.sequence, error.message, typeof record === 'number' ? record : undefined);
    }
    this.#place = {
      sequence: batch.sequence,
      epoch: batch.epoch,
      timeMs: batch.timeMs,
      position: batch.position + batch.count,
      hash: batch.hash,
    };
  }

  /** Reads and applies the log up to its end, or up to `limit` batches; returns the last sequence. */
  async follow(store: LogStore, limit = Number.MAX_SAFE_INTEGER): Promise<number> {
    for (let left = limit; left > 0;) {
      const batches = await store.readBatches(this.#place.sequence, Math.min(left, BATCHES_AT_ONCE));
      for (const batch of batches) this.apply(batch);
      left -= batches.length;
      if (batches.length < BATCHES_AT_ONCE) break;
    }
    return this.#place.sequence;
  }
}
