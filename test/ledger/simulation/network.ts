import type { ByteStream, ByteStreamHandlers } from '../../../src/ledger/transport.ts';
import type { Host } from './world.ts';

/** How often a connection breaks by itself, per delivered chunk. */
export interface NetworkFaults {
  torn: number;
}

class Wire implements ByteStream {
  readonly #host: Host;
  readonly #faults: NetworkFaults;
  peer: Wire | undefined;
  #handlers: ByteStreamHandlers | undefined;
  #unsent = 0;
  #closed = false;
  /** No byte passes any more; the ends will learn of it. */
  #broken = false;
  #paused = false;
  readonly #arrived: { piece: Uint8Array; taken: () => void }[] = [];
  /** Chunks arrive in the order they were sent. */
  #lastArrivalMs = 0;

  constructor(host: Host, faults: NetworkFaults) {
    this.#host = host;
    this.#faults = faults;
    host.onCrash(() => this.#break());
  }

  listen(handlers: ByteStreamHandlers): void {
    this.#handlers = handlers;
  }

  write(bytes: Uint8Array): void {
    const { peer } = this;
    if (this.#closed || this.#broken || peer === undefined) return;
    const { world } = this.#host;
    this.#unsent += bytes.byteLength;
    // A stream has no frames: what is written at once may arrive in pieces.
    const cut = world.random.chance(0.3) ? world.random.below(bytes.byteLength) : bytes.byteLength;
    for (const piece of [bytes.slice(0, cut), bytes.slice(cut)]) {
      if (piece.byteLength === 0) continue;
      if (world.random.chance(this.#faults.torn)) {
        this.#break();
        return;
      }
      const atMs = Math.max(this.#lastArrivalMs, world.nowMs() + world.random.between(0, 2));
      this.#lastArrivalMs = atMs;
      peer.#arrive(atMs - world.nowMs(), piece, () => this.#taken(piece.byteLength));
    }
  }

  unsentBytes(): number {
    return this.#unsent;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#host.deliver(0, () => this.#pump());
  }

  destroy(): void {
    this.#break();
  }

  destroySoon(): void {
    this.#host.deliver(10, () => this.#break());
  }

  #arrive(delayMs: number, piece: Uint8Array, taken: () => void): void {
    this.#host.deliver(delayMs, () => {
      this.#arrived.push({ piece, taken });
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#paused && !this.#closed) {
      const next = this.#arrived.shift();
      if (next === undefined) return;
      next.taken();
      this.#handlers?.onBytes(next.piece);
    }
  }

  #taken(byteLength: number): void {
    this.#unsent -= byteLength;
    if (this.#unsent === 0) this.#host.deliver(0, () => this.#handlers?.onDrained());
  }

  /** Both ends learn of it, each in its own time. */
  #break(): void {
    const ends = this.peer === undefined ? [this] : [this, this.peer];
    for (const end of ends) end.#broken = true;
    for (const end of ends) end.#host.deliver(this.#host.world.random.between(0, 50), () => end.#close());
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.onClose();
  }
}

/** Who listens where. */
export class Network {
  readonly faults: NetworkFaults = { torn: 0 };
  readonly #listeners = new Map<string, { host: Host; onStream: (stream: ByteStream) => void }>();

  listen(address: string, host: Host, onStream: (stream: ByteStream) => void): void {
    this.#listeners.set(address, { host, onStream });
  }

  /** Rejects when nobody listens there any more. */
  connect(address: string, from: Host): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      from.deliver(from.world.random.between(1, 3), () => {
        const listener = this.#listeners.get(address);
        if (listener === undefined || !listener.host.alive) {
          reject(new Error('simulated: connection refused'));
          return;
        }
        const near = new Wire(from, this.faults);
        const far = new Wire(listener.host, this.faults);
        near.peer = far;
        far.peer = near;
        listener.host.deliver(0, () => listener.onStream(far));
        resolve(near);
      });
    });
  }
}
