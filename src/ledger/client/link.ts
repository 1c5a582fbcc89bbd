import type { Scheduler } from '../scheduler.ts';
import {
  decodeFrameError,
  decodeStatus,
  encodeFrame,
  FrameReader,
  type Frame,
  type FrameErrorName,
} from '../format/index.ts';
import type { ByteStream } from '../transport.ts';

export interface LinkContext {
  /** Connects to the n-th place to try. */
  readonly connect: (attempt: number) => Promise<ByteStream>;
  readonly scheduler: Scheduler;
  readonly partition: number;
  /** The leader is at the other end: everything that waits for an answer must be sent again. */
  readonly onReady: () => void;
  readonly onAnswer: (frame: Frame) => void;
  /** The connection was refused as a whole, or answered what is no answer: nothing sent on it can succeed. */
  readonly onBroken: (reason: FrameErrorName | undefined, text: string) => void;
}

/** A pause between two attempts, growing to this, so that a leader that comes up is found within a moment. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;
/** Whoever does not say within this whether it leads is not asked any longer. */
const GREETING_MS = 1_000;
const STATUS_REQUEST = 0;

/** Keeps one connection to the current leader, whoever that is, for as long as it is wanted. */
export class Link {
  readonly #context: LinkContext;
  #stream: ByteStream | undefined;
  #ready = false;
  #seeking = false;
  #closed = false;

  constructor(context: LinkContext) {
    this.#context = context;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Looks for the leader if there is no connection to it. */
  want(): void {
    if (!this.#ready && !this.#seeking && !this.#closed) {
      this.#seeking = true;
      void this.#seek();
    }
  }

  send(bytes: Uint8Array): void {
    this.#stream?.write(bytes);
  }

  /** Leaves this leader, because it says that it is none, and looks for another. */
  leave(): void {
    this.#stream?.destroy();
  }

  close(): void {
    this.#closed = true;
    this.#ready = false;
    this.#stream?.destroy();
  }

  async #seek(): Promise<void> {
    const { scheduler } = this.#context;
    for (let attempt = 0; !this.#closed; attempt++) {
      if (await this.#try(attempt)) break;
      const round = Math.min(attempt, 10);
      await scheduler.sleep(Math.min(FIRST_PAUSE_MS * 2 ** round, LONGEST_PAUSE_MS));
    }
    this.#seeking = false;
    if (this.#closed) return;
    this.#ready = this.#stream !== undefined;
    if (this.#ready) this.#context.onReady();
    else this.want();
  }

  /** True when a leader answered at this attempt's place. */
  async #try(attempt: number): Promise<boolean> {
    const { connect, partition, scheduler } = this.#context;
    let stream: ByteStream;
    try {
      stream = await connect(attempt);
    } catch {
      return false;
    }
    if (this.#closed) {
      stream.destroy();
      return false;
    }
    const leads = new Promise<boolean>((resolve) => this.#listen(stream, resolve));
    stream.write(
      encodeFrame({ type: 'askStatus', request: STATUS_REQUEST, partition, sequence: 0, timeMs: 0 }, NOTHING),
    );
    const inTime = await Promise.race([leads, scheduler.sleep(GREETING_MS).then(() => false)]);
    if (!inTime) stream.destroy();
    return inTime;
  }

  #listen(stream: ByteStream, onGreeted: (leads: boolean) => void): void {
    const reader = new FrameReader();
    let greeted = false;
    stream.listen({
      onBytes: (bytes) => {
        try {
          for (const frame of reader.push(bytes)) {
            if (greeted) {
              this.#answered(stream, frame);
              continue;
            }
            greeted = true;
            const leads = frame.type === 'status' && decodeStatus(frame.items).isLeader;
            if (leads) this.#stream = stream;
            onGreeted(leads);
          }
        } catch {
          stream.destroy();
        }
      },
      onDrained: () => undefined,
      onClose: () => {
        onGreeted(false);
        if (this.#stream !== stream) return;
        this.#stream = undefined;
        this.#ready = false;
        this.want();
      },
    });
  }

  #answered(stream: ByteStream, frame: Frame): void {
    if (this.#stream !== stream) return;
    if (frame.type === 'error' && frame.request === STATUS_REQUEST) {
      const { name, text } = decodeFrameError(frame.items);
      this.#context.onBroken(name, text);
      return;
    }
    this.#context.onAnswer(frame);
  }
}

const NOTHING = new Uint8Array(0);
