import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { chmod, unlink } from 'node:fs/promises';
import { once } from 'node:events';

/** A connection, as much of it as the protocol needs; the simulation brings its own. */
export interface ByteStream {
  /** Hands bytes over for sending; they are kept in memory until the peer takes them. */
  write(bytes: Uint8Array): void;
  /** Bytes handed over that the peer has not taken yet. */
  unsentBytes(): number;
  /** Stops and continues the delivery of incoming bytes. */
  pause(): void;
  resume(): void;
  /** Ends the connection at once; `onClose` follows. */
  destroy(): void;
  /** Ends it once everything handed over was taken. */
  destroySoon(): void;
  /** Called once, before anything arrives. */
  listen(handlers: ByteStreamHandlers): void;
}

export interface ByteStreamHandlers {
  onBytes(bytes: Uint8Array): void;
  /** Everything handed over was taken. */
  onDrained(): void;
  /** The last call. */
  onClose(): void;
}

/** Where a ledger listens: a unix socket, or a TCP port on the loopback interface. */
export type LedgerAddress =
  { readonly path: string } | { readonly host: '127.0.0.1' | '::1'; readonly port: number };

class SocketStream implements ByteStream {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  write(bytes: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  unsentBytes(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  destroySoon(): void {
    this.#socket.destroySoon();
  }

  listen(handlers: ByteStreamHandlers): void {
    this.#socket.on('data', (bytes: Buffer) => handlers.onBytes(bytes));
    this.#socket.on('drain', () => handlers.onDrained());
    // An error is followed by close, which is all that matters.
    this.#socket.on('error', () => undefined);
    this.#socket.on('end', () => this.#socket.destroy());
    this.#socket.on('close', () => handlers.onClose());
  }
}

/** Connects, or throws the system's error. */
export async function connectStream(address: LedgerAddress): Promise<ByteStream> {
  const socket = 'path' in address ? connect(address.path) : connect(address.port, address.host);
  await once(socket, 'connect');
  return new SocketStream(socket);
}

export interface Listener {
  readonly address: LedgerAddress;
  close(): Promise<void>;
}

/**
 * Accepts connections. A unix socket can be used by the process's own user and group alone; one left behind by
 * a process that was killed is replaced, one that somebody still answers on is not.
 */
export async function listenForStreams(
  address: LedgerAddress,
  onStream: (stream: ByteStream) => void,
): Promise<Listener> {
  const server = createServer((socket) => onStream(new SocketStream(socket)));
  if ('path' in address) {
    await removeOrphan(address.path);
    await listening(server, { path: address.path });
    await chmod(address.path, 0o660);
  } else {
    await listening(server, { host: address.host, port: address.port });
  }
  const bound = server.address();
  return {
    address:
      'path' in address || bound === null || typeof bound === 'string'
        ? address
        : { host: address.host, port: bound.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

async function listening(server: Server, options: ListenOptions): Promise<void> {
  server.listen(options);
  await once(server, 'listening');
}

async function removeOrphan(path: string): Promise<void> {
  const answered = await connectStream({ path }).then(
    (stream) => {
      stream.destroy();
      return true;
    },
    () => false,
  );
  if (!answered) await unlink(path).catch(() => undefined);
}
