import { crashPoint, type Clock } from '../../shared/index.ts';
import type { Engine } from '../engine/index.ts';
import { batchHash, MAX_BATCH_RECORDS, RECORD_BYTES, sealBatch } from '../format/index.ts';
import type { HistoryReader } from '../queries/history-reader.ts';
import type { Tail } from '../queries/tail.ts';
import type { LogPlace } from '../recovery/check-batch.ts';
import type { Scheduler } from '../scheduler.ts';
import type { LogBatch, LogStore } from '../store/log-store.ts';
import { appendCertainly, type AppendOutcome } from './append-certainly.ts';
import { lookUpOldIds } from './old-ids.ts';

/** One client's request, on its way into the log. */
export interface Submission {
  /** Whole records, marked as a request; not changed. At most 8,190. */
  readonly records: Uint8Array;
  /** Called once, after the commit: the same records as logged, and the place of the first of them. */
  readonly onCommitted: (batch: LogBatch, position: number, records: Uint8Array) => void;
}

export interface WriterContext {
  readonly store: LogStore;
  readonly engine: Engine;
  /** The last batch that the engine has applied. */
  readonly place: LogPlace;
  readonly epoch: number;
  readonly partition: number;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly tail: Tail;
  readonly history: HistoryReader;
  /** The writer waits while the index is further behind than this. */
  readonly maxTailBytes: number;
  /** Told after requests have left the queue or were answered. */
  readonly onRoom: () => void;
  readonly onTrouble: (error: unknown) => void;
}

interface Gathered {
  readonly timeMs: number;
  readonly records: Uint8Array;
  /** Records that are the ledger's own, at the front. */
  readonly ownCount: number;
  readonly submissions: readonly Submission[];
}

interface Applied extends Gathered {
  readonly batch: LogBatch;
}

export type WriterEnd = Exclude<AppendOutcome, 'committed'>;

/**
 * The single writer: what arrives while one commit is in flight becomes the next batch. There is no timer, so
 * a lone request is committed at once and a crowd shares a commit. Nobody is answered before the commit, and
 * after `run` has ended nobody is answered at all.
 */
export class Writer {
  readonly #context: WriterContext;
  readonly #queue: Submission[] = [];
  #queuedRecords = 0;
  #lastHash: Uint8Array;
  #committedPlace: LogPlace;
  #inFlight = false;
  /** Taken from the queue but not yet in the books. */
  #gathered: Gathered | undefined;
  /** In the books but not yet under way to the log. */
  #next: Applied | undefined;
  #stopping = false;
  #ended = false;
  #wake: (() => void) | undefined;
  #poked = false;
  #commitWaiters: { readonly sequence: number; readonly resolve: (led: boolean) => void }[] = [];

  constructor(context: WriterContext) {
    this.#context = context;
    this.#lastHash = context.place.hash;
    this.#committedPlace = context.place;
  }

  get queuedRecords(): number {
    return this.#queuedRecords;
  }

  /** The end of the log, as far as this writer knows it. */
  get committedPlace(): LogPlace {
    return this.#committedPlace;
  }

  submit(submission: Submission): void {
    this.#queue.push(submission);
    this.#queuedRecords += submission.records.byteLength / RECORD_BYTES;
    // A full batch is validated while the one before it is being committed; a smaller one may still grow.
    if (this.#inFlight && this.#next === undefined && this.#queuedRecords >= MAX_BATCH_RECORDS)
      this.#applyAhead();
    this.#poke();
  }

  /** Looks whether there is something to do without a request: a hold that has run out. */
  tick(): void {
    this.#poke();
  }

  /** Ends `run` as soon as the fate of what is in flight is known or cannot be told. */
  stop(): void {
    this.#stopping = true;
    this.#poke();
  }

  /** Resolves true when everything up to `sequence` is committed, false when this writer ended before. */
  committed(sequence: number): Promise<boolean> {
    if (this.#committedPlace.sequence >= sequence) return Promise.resolve(true);
    if (this.#ended) return Promise.resolve(false);
    return new Promise((resolve) => this.#commitWaiters.push({ sequence, resolve }));
  }

  /** Commits batch after batch until another leader is found at work or the writer is stopped. */
  async run(): Promise<WriterEnd> {
    try {
      for (;;) {
        if (this.#stopping) return 'stopped';
        const applied = this.#hasRoom() ? (this.#next ?? (await this.#applyNext())) : undefined;
        if (applied === undefined) {
          await this.#untilPoked();
          continue;
        }
        this.#next = undefined;
        const outcome = await this.#append(applied.batch);
        if (outcome !== 'committed') return outcome;
        crashPoint('ledger.committed');
        this.#settle(applied);
        crashPoint('ledger.answered');
      }
    } finally {
      this.#ended = true;
      for (const waiter of this.#commitWaiters.splice(0)) waiter.resolve(false);
    }
  }

  async #append(batch: LogBatch): Promise<AppendOutcome> {
    const { store, scheduler, onTrouble } = this.#context;
    this.#inFlight = true;
    const stopping = (): boolean => this.#stopping;
    crashPoint('ledger.before_commit');
    const outcome = await appendCertainly(batch, { store, scheduler, stopping, onTrouble });
    this.#inFlight = false;
    return outcome;
  }

  #settle(applied: Applied): void {
    const { batch, ownCount, submissions } = applied;
    const { sequence, epoch, timeMs, position, count, header } = batch;
    this.#committedPlace = { sequence, epoch, timeMs, position: position + count, hash: batchHash(header) };
    this.#context.tail.add(batch);
    let at = ownCount * RECORD_BYTES;
    for (const { records, onCommitted } of submissions) {
      onCommitted(
        batch,
        batch.position + at / RECORD_BYTES,
        batch.records.subarray(at, at + records.byteLength),
      );
      at += records.byteLength;
    }
    const waiters = this.#commitWaiters;
    this.#commitWaiters = waiters.filter((waiter) => waiter.sequence > sequence);
    for (const waiter of waiters) if (waiter.sequence <= sequence) waiter.resolve(true);
    this.#context.onRoom();
  }

  #hasRoom(): boolean {
    return this.#context.tail.byteLength <= this.#context.maxTailBytes;
  }

  /** Everything applied is committed here, so an index look-up covers every id that was ever forgotten. */
  async #applyNext(): Promise<Applied | undefined> {
    const gathered = this.#gathered ?? this.#gather();
    if (gathered === undefined) return undefined;
    this.#gathered = gathered;
    const { engine, history, scheduler, onTrouble } = this.#context;
    const stopping = (): boolean => this.#stopping;
    const oldIds = await lookUpOldIds(gathered.records, { engine, history, scheduler, stopping, onTrouble });
    if (oldIds === undefined) return undefined;
    this.#gathered = undefined;
    engine.apply(gathered.records, gathered.timeMs, oldIds);
    return this.#seal(gathered);
  }

  #applyAhead(): void {
    const gathered = this.#gathered ?? this.#gather();
    if (gathered === undefined) return;
    if (this.#context.engine.oldIds(gathered.records).length > 0) {
      this.#gathered = gathered;
      return;
    }
    this.#gathered = undefined;
    this.#context.engine.apply(gathered.records, gathered.timeMs);
    this.#next = this.#seal(gathered);
  }

  /** Holds that ran out come first, then requests in the order of their arrival, each whole. */
  #gather(): Gathered | undefined {
    const { engine, clock } = this.#context;
    // Logged time never goes back, whatever the machine's clock does.
    const timeMs = Math.max(clock.nowMs(), engine.timeMs);
    const expires = engine.nextExpiryMs !== undefined && engine.nextExpiryMs <= timeMs;
    if (!expires && this.#queue.length === 0) return undefined;
    const room = Math.min(MAX_BATCH_RECORDS, (expires ? EXPIRIES_AT_ONCE : 0) + this.#queuedRecords);
    const buffer = new Uint8Array(room * RECORD_BYTES);
    const ownCount = expires ? engine.dueExpiries(timeMs, buffer, 0, EXPIRIES_AT_ONCE) : 0;
    let at = ownCount * RECORD_BYTES;
    let taken = 0;
    for (const { records } of this.#queue) {
      if (at + records.byteLength > buffer.byteLength) break;
      buffer.set(records, at);
      at += records.byteLength;
      taken++;
    }
    if (at === 0) return undefined;
    const submissions = this.#queue.splice(0, taken);
    this.#queuedRecords -= at / RECORD_BYTES - ownCount;
    const gathered = at === buffer.byteLength ? buffer : buffer.slice(0, at);
    return { timeMs, records: gathered, ownCount, submissions };
  }

  #seal(gathered: Gathered): Applied {
    const { engine, epoch, partition } = this.#context;
    const { timeMs, records } = gathered;
    const { sequence } = engine;
    const count = records.byteLength / RECORD_BYTES;
    const position = engine.position - count;
    const previousHash = this.#lastHash;
    const header = sealBatch({ partition, epoch, sequence, timeMs, position, count, previousHash }, records);
    this.#lastHash = batchHash(header);
    return { ...gathered, batch: { sequence, epoch, count, position, timeMs, header, records } };
  }

  #poke(): void {
    this.#poked = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Resolves after the next poke, or at once if there was one since the last time. */
  async #untilPoked(): Promise<void> {
    if (!this.#poked) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#poked = false;
  }
}

/** Expiries must not crowd out requests; the rest comes with the next batch. */
const EXPIRIES_AT_ONCE = 1_024;
