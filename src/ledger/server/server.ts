import type { ByteStream } from '../transport.ts';
import { Connection, type ConnectionHost, type ServerStatus } from './connection.ts';
import type { Leading } from './leading.ts';

export interface ServerContext {
  readonly partition: number;
  readonly status: () => ServerStatus;
  /** Records in the writer's queue beyond which nothing more is read from any client. */
  readonly maxQueuedRecords: number;
  readonly maxConnections: number;
  /** A client that has answers waiting and takes none of them for this long is cut off. */
  readonly stalledAfterMs: number;
  readonly onTrouble: (error: unknown) => void;
}

interface Progress {
  takenBytes: number | undefined;
  sinceMs: number;
}

/** All clients of this process. */
export class LedgerServer {
  readonly #context: ServerContext;
  readonly #connections = new Map<Connection, Progress>();
  readonly #host: ConnectionHost;
  #leading: Leading | undefined;

  constructor(context: ServerContext) {
    this.#context = context;
    const { partition, status, maxQueuedRecords, onTrouble } = context;
    this.#host = {
      partition,
      status,
      onTrouble,
      leading: () => this.#leading,
      isFull: () => (this.#leading?.writer.queuedRecords ?? 0) >= maxQueuedRecords,
      onClosed: (connection) => this.#connections.delete(connection),
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  accept(stream: ByteStream): void {
    if (this.#connections.size >= this.#context.maxConnections) {
      stream.listen({ onBytes: () => undefined, onDrained: () => undefined, onClose: () => undefined });
      stream.destroy();
      return;
    }
    this.#connections.set(new Connection(stream, this.#host), { takenBytes: undefined, sinceMs: 0 });
  }

  serve(leading: Leading): void {
    this.#leading = leading;
  }

  /**
   * Ends all connections, of a leader that leads no more or of a process that stops: whoever waits for an answer
   * asks the next leader, who knows whether the request took effect.
   */
  retire(): void {
    this.#leading = undefined;
    for (const connection of [...this.#connections.keys()]) connection.destroy();
  }

  /** There is room in the writer's queue again. */
  onRoom(): void {
    for (const connection of [...this.#connections.keys()]) connection.pump();
  }

  /** Called every now and then: cuts off those who stopped reading. */
  cutOffStalled(monotonicMs: number): void {
    for (const [connection, progress] of [...this.#connections]) {
      const { takenBytes } = connection;
      if (takenBytes === undefined || takenBytes !== progress.takenBytes) {
        progress.takenBytes = takenBytes;
        progress.sinceMs = monotonicMs;
      } else if (monotonicMs - progress.sinceMs >= this.#context.stalledAfterMs) {
        connection.destroy();
      }
    }
  }
}
