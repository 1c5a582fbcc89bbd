import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Time for the request line and headers (slowloris). Default 10 s. */
  readonly headersTimeoutMs?: number;
  /** Time for the whole request, body included. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** How long an idle connection is kept. Default 5 s. */
  readonly keepAliveTimeoutMs?: number;
  /** How often the two timeouts above are looked at. Default 1 s. */
  readonly timeoutCheckIntervalMs?: number;
  /** Connections at most; further ones are dropped. Default 2,000. */
  readonly maxConnections?: number;
}

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Takes no new connection, lets requests in flight end within `drainMs` (default 10 s), then cuts. */
  stop(drainMs?: number): Promise<void>;
}

/** Request line and headers at most, in bytes. */
const MAX_HEADER_BYTES = 16_384;
const MAX_HEADERS = 64;
const DEFAULT_DRAIN_MS = 10_000;

const STATUS_BY_PARSER_ERROR: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** Serves `listener`. Rejects with the system's error when the port cannot be had (`EADDRINUSE`, `EACCES`). */
export async function startServer(listener: RequestListener, options: ServerOptions): Promise<RunningServer> {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 5_000,
      connectionsCheckingInterval: options.timeoutCheckIntervalMs ?? 1_000,
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    listener,
  );
  server.maxConnections = options.maxConnections ?? 2_000;
  server.maxHeadersCount = MAX_HEADERS;
  // What the parser refuses never reaches the application; it gets a bare answer and the door.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable) {
      const status = STATUS_BY_PARSER_ERROR[error.code ?? ''] ?? '400 Bad Request';
      socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    }
    setTimeout(() => socket.destroy(), 1_000).unref();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  const shownHost = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    host: options.host,
    port,
    url: `http://${shownHost}:${port}`,
    async stop(drainMs = DEFAULT_DRAIN_MS) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cancel = new AbortController();
      const deadline = sleep(drainMs, undefined, { signal: cancel.signal, ref: false }).catch(
        () => undefined,
      );
      await Promise.race([closed, deadline]);
      cancel.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}
