import { LedgerError } from '../errors.ts';
import {
  decodeFrameError,
  encodeFrame,
  MAX_BATCH_RECORDS,
  RECORD_BYTES,
  RESULT_ITEM_BYTES,
  type Frame,
  type FrameType,
} from '../format/index.ts';
import type { Scheduler } from '../scheduler.ts';
import type { ByteStream } from '../transport.ts';
import { Link } from './link.ts';
import { Outbox, type Parcel } from './outbox.ts';

export interface RequestsContext {
  readonly connect: (attempt: number) => Promise<ByteStream>;
  readonly scheduler: Scheduler;
  readonly partition: number;
  readonly requestTimeoutMs: number;
  /** Records waiting to be sent beyond which calls are refused. */
  readonly maxQueuedRecords: number;
}

/** Sent, or to be sent again after a reconnect: always the same bytes. */
interface Outstanding {
  readonly bytes: Uint8Array;
  readonly expected: FrameType;
  readonly records: number;
  readonly deadlineMs: number;
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/** Submissions under way at once. One is being committed, one waits in the writer, the rest gathers here. */
const SUBMITS_IN_FLIGHT = 4;
/** The server reads no more than this from one client before it has answered. */
const RECORDS_IN_FLIGHT = 2 * MAX_BATCH_RECORDS;
/** Questions under way at once. */
const READS_IN_FLIGHT = 64;
const WATCH_MS = 50;

const ANSWER_TO = {
  submit: 'results',
  lookUpAccounts: 'accounts',
  lookUpTransfers: 'transfers',
  queryHistory: 'history',
  askStatus: 'status',
} as const satisfies Partial<Record<FrameType, FrameType>>;

export type RequestType = keyof typeof ANSWER_TO;

/** Sends requests to the leader, again and again until one answers them or their time is up. */
export class Requests {
  readonly #context: RequestsContext;
  readonly #link: Link;
  readonly #outbox = new Outbox();
  readonly #outstanding = new Map<number, Outstanding>();
  #waitingReads: (() => void)[] = [];
  #lastRequest = 0;
  #submitsInFlight = 0;
  #recordsInFlight = 0;
  #readsInFlight = 0;
  #flushing = false;
  #watching = false;
  #closed = false;

  constructor(context: RequestsContext) {
    this.#context = context;
    const { connect, scheduler, partition } = context;
    this.#link = new Link({
      connect,
      scheduler,
      partition,
      onReady: () => this.#sendAgain(),
      onAnswer: (frame) => this.#onAnswer(frame),
      onBroken: (reason, text) => this.#failAll(protocolError(text, reason)),
    });
  }

  /** @throws LedgerError `ledger_overloaded`, `ledger_client_closed`, at once. */
  submit(parcel: Omit<Parcel, 'deadlineMs'>): void {
    if (this.#closed) throw closedError();
    const count = parcel.records.byteLength / RECORD_BYTES;
    if (this.#outbox.records + count > this.#context.maxQueuedRecords) {
      throw new LedgerError('ledger_overloaded', 'Too many ledger commands are waiting.', {
        retryable: true,
      });
    }
    this.#outbox.put({ ...parcel, deadlineMs: this.#deadline() });
    this.#watch();
    if (this.#flushing) return;
    this.#flushing = true;
    // What is called in one go is sent in one request.
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** @throws LedgerError `ledger_unreachable`, `ledger_client_closed`, `ledger_protocol_broken`. */
  async ask(type: RequestType, items: Uint8Array, sequence: number): Promise<Frame> {
    const deadlineMs = this.#deadline();
    while (this.#readsInFlight >= READS_IN_FLIGHT && !this.#closed) {
      await new Promise<void>((resolve) => this.#waitingReads.push(resolve));
    }
    if (this.#closed) throw closedError();
    this.#readsInFlight++;
    try {
      return await new Promise<Frame>((resolve, reject) => {
        this.#send(type, items, sequence, { records: 0, deadlineMs, resolve, reject });
      });
    } finally {
      this.#readsInFlight--;
      this.#waitingReads.shift()?.();
    }
  }

  /** What was not answered is rejected; whether it took effect is then unknown. */
  close(): void {
    this.#closed = true;
    this.#link.close();
    this.#failAll(closedError());
    for (const proceed of this.#waitingReads.splice(0)) proceed();
  }

  #deadline(): number {
    return this.#context.scheduler.monotonicMs() + this.#context.requestTimeoutMs;
  }

  #flush(): void {
    while (this.#submitsInFlight < SUBMITS_IN_FLIGHT && !this.#closed) {
      const parcels = this.#outbox.take(RECORDS_IN_FLIGHT - this.#recordsInFlight);
      if (parcels.length === 0) return;
      this.#sendParcels(parcels);
    }
  }

  #sendParcels(parcels: readonly Parcel[]): void {
    const items = Buffer.concat(parcels.map((parcel) => parcel.records));
    const records = items.byteLength / RECORD_BYTES;
    const over = (): void => {
      this.#submitsInFlight--;
      this.#recordsInFlight -= records;
    };
    this.#submitsInFlight++;
    this.#recordsInFlight += records;
    this.#send('submit', items, 0, {
      records,
      deadlineMs: Math.min(...parcels.map((parcel) => parcel.deadlineMs)),
      resolve: (frame) => {
        over();
        let at = 0;
        for (const parcel of parcels) {
          const end = at + (parcel.records.byteLength / RECORD_BYTES) * RESULT_ITEM_BYTES;
          parcel.resolve(frame.items.subarray(at, end), frame.sequence, frame.timeMs);
          at = end;
        }
        this.#flush();
      },
      reject: (error) => {
        over();
        for (const parcel of parcels) parcel.reject(error);
        this.#flush();
      },
    });
  }

  #send(
    type: RequestType,
    items: Uint8Array,
    sequence: number,
    request: Omit<Outstanding, 'bytes' | 'expected'>,
  ): void {
    const number = ++this.#lastRequest;
    const { partition } = this.#context;
    const bytes = encodeFrame({ type, request: number, partition, sequence, timeMs: 0 }, items);
    this.#outstanding.set(number, { ...request, bytes, expected: ANSWER_TO[type] });
    if (this.#link.isReady) this.#link.send(bytes);
    else this.#link.want();
    this.#watch();
  }

  /** After a reconnect: everything unanswered, in the order it was first sent. Ids make repetition harmless. */
  #sendAgain(): void {
    for (const { bytes } of this.#outstanding.values()) this.#link.send(bytes);
  }

  #onAnswer(frame: Frame): void {
    const request = this.#outstanding.get(frame.request);
    if (request === undefined) return;
    if (frame.type === request.expected && fits(frame, request)) {
      this.#outstanding.delete(frame.request);
      request.resolve(frame);
      return;
    }
    const { name, text } = frame.type === 'error' ? decodeFrameError(frame.items) : NO_ANSWER;
    if (name === 'not_leader' || name === 'shutting_down') {
      this.#link.leave();
    } else if (name === 'unavailable' || name === 'overloaded') {
      void this.#sendLater(frame.request, request.bytes);
    } else {
      this.#outstanding.delete(frame.request);
      request.reject(protocolError(text, name));
    }
  }

  async #sendLater(number: number, bytes: Uint8Array): Promise<void> {
    await this.#context.scheduler.sleep(WATCH_MS);
    if (this.#outstanding.has(number) && this.#link.isReady) this.#link.send(bytes);
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    void this.#expire();
  }

  /** Runs while anything waits. */
  async #expire(): Promise<void> {
    const { scheduler } = this.#context;
    while ((this.#outstanding.size > 0 || this.#outbox.records > 0) && !this.#closed) {
      await scheduler.sleep(WATCH_MS);
      const nowMs = scheduler.monotonicMs();
      for (const [number, { deadlineMs, reject }] of [...this.#outstanding]) {
        if (deadlineMs > nowMs) continue;
        this.#outstanding.delete(number);
        reject(unreachableError());
      }
      for (const parcel of this.#outbox.takeExpired(nowMs)) parcel.reject(unreachableError());
    }
    this.#watching = false;
  }

  #failAll(error: Error): void {
    const outstanding = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const parcel of this.#outbox.takeExpired(Number.POSITIVE_INFINITY)) parcel.reject(error);
    for (const request of outstanding) request.reject(error);
  }
}

const NO_ANSWER = { name: undefined, text: 'The ledger gave an answer that is none.' } as const;

function fits(frame: Frame, request: Outstanding): boolean {
  return request.expected !== 'results' || frame.count === request.records;
}

function protocolError(text: string, reason: string | undefined): LedgerError {
  return new LedgerError('ledger_protocol_broken', text, { details: { reason: reason ?? 'unknown' } });
}

function closedError(): LedgerError {
  return new LedgerError('ledger_client_closed', 'The connection to the ledger was closed.');
}

function unreachableError(): LedgerError {
  return new LedgerError(
    'ledger_unreachable',
    'The ledger did not answer in time. Submit the same commands with the same ids to learn what became of them.',
    { retryable: true },
  );
}
