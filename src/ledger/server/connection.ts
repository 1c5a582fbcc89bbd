import { LedgerError } from '../errors.ts';
import {
  decodeHistoryQuery,
  encodeFrame,
  encodeFrameError,
  encodeResults,
  encodeStatus,
  FrameReader,
  LedgerFormatError,
  markRequest,
  MAX_BATCH_RECORDS,
  type Frame,
  type FrameErrorName,
  type FrameHeader,
  type StatusItem,
} from '../format/index.ts';
import type { ByteStream } from '../transport.ts';
import { answerRead } from './answer-read.ts';
import type { Leading } from './leading.ts';

export interface ServerStatus extends StatusItem {
  readonly sequence: number;
  readonly timeMs: number;
}

/** What the server tells a connection about the process it lives in. */
export interface ConnectionHost {
  readonly partition: number;
  /** Undefined on a standby. */
  leading(): Leading | undefined;
  status(): ServerStatus;
  /** True while the writer's queue is full: then nothing more is taken from anybody. */
  isFull(): boolean;
  onTrouble(error: unknown): void;
  onClosed(connection: Connection): void;
}

/** Items asked for and not yet answered, per connection: two full batches, so that a client can keep one busy. */
const CREDIT_ITEMS = 2 * MAX_BATCH_RECORDS;
/** Answers that the client has not taken yet; beyond this its requests are left unread. */
const MAX_UNSENT_BYTES = 4 << 20;

/**
 * One client. Takes requests as long as the client has credit, takes its answers, and the writer has room; then
 * leaves them in the socket, where they slow down this client and nobody else.
 */
export class Connection {
  readonly #stream: ByteStream;
  readonly #host: ConnectionHost;
  readonly #reader = new FrameReader();
  #backlog: Frame[] = [];
  #unansweredItems = 0;
  #writtenBytes = 0;
  #paused = false;
  #closed = false;

  constructor(stream: ByteStream, host: ConnectionHost) {
    this.#stream = stream;
    this.#host = host;
    stream.listen({
      onBytes: (bytes) => this.#receive(bytes),
      onDrained: () => this.pump(),
      onClose: () => this.#onClose(),
    });
  }

  /** How many bytes of answers the client has taken; undefined when none wait for it. */
  get takenBytes(): number | undefined {
    const unsent = this.#stream.unsentBytes();
    return unsent === 0 ? undefined : this.#writtenBytes - unsent;
  }

  destroy(): void {
    this.#stream.destroy();
  }

  /** Takes what waits, as far as there is room. */
  pump(): void {
    while (!this.#closed && this.#hasRoom()) {
      const frame = this.#backlog.shift();
      if (frame === undefined) break;
      this.#take(frame);
    }
    const waits = this.#backlog.length > 0 || !this.#hasRoom();
    if (waits === this.#paused || this.#closed) return;
    this.#paused = waits;
    if (waits) this.#stream.pause();
    else this.#stream.resume();
  }

  #hasRoom(): boolean {
    return (
      this.#unansweredItems < CREDIT_ITEMS &&
      this.#stream.unsentBytes() <= MAX_UNSENT_BYTES &&
      !this.#host.isFull()
    );
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#backlog.push(...this.#reader.push(bytes));
    } catch (error) {
      this.#refuseStream(error);
      return;
    }
    this.pump();
  }

  #take(frame: Frame): void {
    if (frame.partition !== this.#host.partition) {
      this.#error(frame, 'partition_unknown', 'This ledger does not keep that partition.');
      return;
    }
    if (frame.type === 'askStatus') {
      const { sequence, timeMs, ...status } = this.#host.status();
      this.#answer(frame, { type: 'status', sequence, timeMs }, encodeStatus(status));
      return;
    }
    const leading = this.#host.leading();
    if (leading === undefined) {
      this.#error(frame, 'not_leader', 'This ledger process does not lead.');
      return;
    }
    try {
      if (frame.type === 'submit') this.#submit(frame, leading);
      else void this.#read(frame, leading);
    } catch (error) {
      this.#refuseStream(error, frame);
    }
  }

  #submit(frame: Frame, { writer }: Leading): void {
    markRequest(frame.items);
    this.#unansweredItems += frame.count;
    writer.submit({
      records: frame.items,
      onCommitted: ({ sequence, timeMs }, position, records) => {
        this.#unansweredItems -= frame.count;
        this.#answer(frame, { type: 'results', sequence, timeMs }, encodeResults(records, position));
      },
    });
  }

  async #read(frame: Frame, leading: Leading): Promise<void> {
    const weight = this.#weigh(frame);
    this.#unansweredItems += weight;
    try {
      const { items, ...header } = await answerRead(frame, leading);
      this.#answer(frame, header, items);
    } catch (error) {
      if (error instanceof LedgerError && error.code === 'ledger_not_leader') {
        this.#error(frame, 'not_leader', error.message);
      } else if (error instanceof LedgerError && error.code === 'ledger_store_unavailable') {
        this.#host.onTrouble(error);
        this.#error(frame, 'unavailable', error.message);
      } else {
        this.#refuseStream(error, frame);
      }
    } finally {
      this.#unansweredItems -= weight;
      this.pump();
    }
  }

  /** The items of the answer; a malformed query weighs nothing, for it gets none. */
  #weigh(frame: Frame): number {
    if (frame.type !== 'queryHistory') return Math.max(frame.count, 1);
    try {
      return decodeHistoryQuery(frame.items).limit;
    } catch {
      return 1;
    }
  }

  #answer(frame: Frame, header: Pick<FrameHeader, 'type' | 'sequence' | 'timeMs'>, items: Uint8Array): void {
    const { request, partition } = frame;
    this.#write(encodeFrame({ ...header, request, partition }, items));
  }

  #error(frame: Frame, name: FrameErrorName, text: string): void {
    this.#answer(frame, { type: 'error', sequence: 0, timeMs: 0 }, encodeFrameError(name, text));
  }

  /** Says why, then closes: after a malformed message nothing that follows can be trusted to be one. */
  #refuseStream(error: unknown, frame?: Frame): void {
    if (!(error instanceof LedgerFormatError)) this.#host.onTrouble(error);
    const { name, text } = frameErrorOf(error);
    const { request = 0, partition = this.#host.partition } = frame ?? {};
    const header = { type: 'error', request, partition, sequence: 0, timeMs: 0 } as const;
    this.#write(encodeFrame(header, encodeFrameError(name, text)));
    this.#onClose();
    this.#stream.destroySoon();
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.#writtenBytes += bytes.byteLength;
    this.#stream.write(bytes);
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#backlog = [];
    this.#host.onClosed(this);
  }
}

function frameErrorOf(error: unknown): { name: FrameErrorName; text: string } {
  if (error instanceof LedgerFormatError) {
    const { code, message } = error;
    if (code === 'frame_too_large' || code === 'frame_version_unknown') return { name: code, text: message };
    return { name: 'frame_malformed', text: message };
  }
  if (error instanceof LedgerError && error.code === 'ledger_protocol_broken') {
    return { name: 'frame_type_unexpected', text: error.message };
  }
  return { name: 'unavailable', text: 'The ledger could not answer.' };
}
