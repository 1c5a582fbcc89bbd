import type { Clock } from '../../shared/index.ts';
import type { EngineOptions } from '../engine/index.ts';
import { LedgerError } from '../errors.ts';
import type { LedgerLogger } from '../logger.ts';
import { fillTail } from '../queries/fill-tail.ts';
import { HistoryReader } from '../queries/history-reader.ts';
import { runIndexer } from '../queries/indexer.ts';
import { Tail } from '../queries/tail.ts';
import { recover } from '../recovery/recover.ts';
import type { Replica } from '../recovery/replica.ts';
import type { Scheduler } from '../scheduler.ts';
import type { CheckpointStore } from '../store/checkpoint-store.ts';
import type { HistoryIndex } from '../store/history-index.ts';
import type { LogStore } from '../store/log-store.ts';
import { standByUntilLeading, type Leadership } from '../writer/stand-by.ts';
import { StrongReads } from '../writer/strong-reads.ts';
import { Writer } from '../writer/writer.ts';
import type { ServerStatus } from './connection.ts';
import { keepHouse } from './housekeeping.ts';
import { LedgerServer } from './server.ts';

export interface NodeSettings {
  readonly partition: number;
  /** Written into the lease, for people. */
  readonly holder: string;
  readonly engineOptions: EngineOptions;
  /** A standby looks at the log this often. */
  readonly pollMs: number;
  /** A leader that does nothing else shows this often that it is alive. */
  readonly beatMs: number;
  /** A leader that shows nothing for this long is replaced. Several times `beatMs`. */
  readonly staleAfterMs: number;
  /** Records since the last checkpoint after which another one is taken. */
  readonly checkpointEveryRecords: number;
  readonly maxQueuedRecords: number;
  readonly maxTailBytes: number;
  readonly maxConnections: number;
  readonly stalledAfterMs: number;
}

export interface NodeParts {
  readonly store: LogStore;
  readonly checkpoints: CheckpointStore;
  readonly index: HistoryIndex;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly logger: LedgerLogger;
  /** Takes a checkpoint somewhere else, without stopping the writer. */
  readonly takeCheckpoint: () => Promise<unknown>;
}

export type NodeRole = 'recovering' | 'standby' | 'leader' | 'stopped';

/** How long to wait before the database is asked again. */
const RETRY_MS = 200;

class StopAsked extends Error {}

/** One ledger process: recovers, stands by, leads, and when it leads no more begins again from the log. */
export class LedgerNode {
  readonly server: LedgerServer;
  readonly #settings: NodeSettings;
  readonly #parts: NodeParts;
  #role: NodeRole = 'recovering';
  #replica: Replica | undefined;
  #writer: Writer | undefined;
  #tail: Tail | undefined;
  #epoch = 0;
  #stopping = false;

  constructor(settings: NodeSettings, parts: NodeParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { partition, maxQueuedRecords, maxConnections, stalledAfterMs } = settings;
    this.server = new LedgerServer({
      partition,
      maxQueuedRecords,
      maxConnections,
      stalledAfterMs,
      status: () => this.status(),
      onTrouble: this.#onTrouble,
    });
  }

  get role(): NodeRole {
    return this.#role;
  }

  /** What this process knows of the log: committed batches only. */
  status(): ServerStatus {
    const place = this.#writer?.committedPlace ?? this.#replica?.place;
    const { sequence = 0, timeMs = 0, position = 0, hash = new Uint8Array(32) } = place ?? {};
    const isLeader = this.#role === 'leader';
    return {
      epoch: isLeader ? this.#epoch : (place?.epoch ?? 0),
      isLeader,
      sequence,
      timeMs,
      position,
      hash,
    };
  }

  /** How far the index is behind, in bytes of records. */
  get unindexedBytes(): number {
    return this.#tail?.byteLength ?? 0;
  }

  /** Ends `run` as soon as what is in flight is settled. */
  stop(): void {
    this.#stopping = true;
    this.#writer?.stop();
  }

  /**
   * Until stopped. @throws LedgerError `ledger_log_broken`, `ledger_durability_off`: a person must look. A database
   * that does not answer is waited for.
   */
  async run(): Promise<void> {
    try {
      await this.#insist(() => this.#parts.store.assertDurable());
      while (!this.#stopping) await this.#oneLife();
    } catch (error) {
      if (!(error instanceof StopAsked)) throw error;
    } finally {
      this.#role = 'stopped';
      this.server.retire();
    }
  }

  async #oneLife(): Promise<void> {
    const { store, checkpoints, logger, scheduler } = this.#parts;
    const { partition, engineOptions, holder, pollMs, staleAfterMs } = this.#settings;
    this.#role = 'recovering';
    const replica = await this.#insist(() =>
      recover({ store, checkpoints, partition, engineOptions, logger }),
    );
    this.#replica = replica;
    this.#role = 'standby';
    logger.info({ sequence: replica.place.sequence }, 'ledger recovered, standing by');
    const leadership = await standByUntilLeading({
      store,
      scheduler,
      holder,
      pollMs,
      staleAfterMs,
      isFatal,
      follow: () => replica.follow(store),
      stopping: () => this.#stopping,
      onTrouble: this.#onTrouble,
    });
    if (leadership === undefined) return;
    try {
      await this.#lead(replica, leadership);
    } finally {
      this.#writer = undefined;
      this.#tail = undefined;
      this.server.retire();
      await leadership.session.close().catch(this.#onTrouble);
    }
  }

  async #lead(replica: Replica, leadership: Leadership): Promise<void> {
    const { store, index, clock, scheduler, logger } = this.#parts;
    const { partition, maxTailBytes } = this.#settings;
    const { epoch } = leadership;
    const { engine } = replica;
    // Nothing of an older epoch can land any more, so this is the end of the log.
    const sequence = await this.#insist(() => replica.follow(store));
    await this.#insist(() => store.preparePartitions(sequence + 1));
    const tail = new Tail();
    await this.#insist(() => fillTail(tail, index, store, sequence));
    const history = new HistoryReader(index, tail);
    const writer = new Writer({
      store,
      engine,
      epoch,
      partition,
      clock,
      scheduler,
      tail,
      history,
      maxTailBytes,
      place: replica.place,
      onRoom: () => this.server.onRoom(),
      onTrouble: this.#onTrouble,
    });
    const reads = new StrongReads({ store, engine, writer, epoch });
    this.#writer = writer;
    this.#tail = tail;
    this.#epoch = epoch;
    this.#role = 'leader';
    this.server.serve({ epoch, engine, writer, reads, history });
    logger.info({ epoch, sequence }, 'ledger leads');
    let over = false;
    const stopping = (): boolean => over;
    const aside = [
      runIndexer({
        index,
        tail,
        scheduler,
        stopping,
        onTrouble: this.#onTrouble,
        onProgress: () => writer.tick(),
      }),
      keepHouse({
        ...this.#settings,
        ...this.#parts,
        leadership,
        writer,
        server: this.server,
        stopping,
        onTrouble: this.#onTrouble,
      }),
    ];
    try {
      if (this.#stopping) writer.stop();
      logger.info({ epoch, end: await writer.run() }, 'ledger leads no more');
    } finally {
      over = true;
      this.server.retire();
      await Promise.all(aside);
    }
  }

  /** Asks the database again until it answers. */
  async #insist<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#stopping) throw new StopAsked();
      try {
        return await work();
      } catch (error) {
        if (isFatal(error)) throw error;
        this.#onTrouble(error);
        await this.#parts.scheduler.sleep(RETRY_MS);
      }
    }
  }

  readonly #onTrouble = (error: unknown): void => {
    const internal = error instanceof LedgerError ? error.internal : undefined;
    this.#parts.logger.warn({ err: error, internal }, 'ledger trouble');
  };
}

function isFatal(error: unknown): boolean {
  return (
    error instanceof LedgerError &&
    (error.code === 'ledger_log_broken' || error.code === 'ledger_durability_off')
  );
}
