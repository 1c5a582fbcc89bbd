import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { timingSafeEqual, createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { ChainError } from '../errors.ts';
import type { RpcDispatcher } from './rpc-dispatcher.ts';

/** A raw transaction of 4 MB in hexadecimal digits, and its envelope. */
const MAX_REQUEST_BYTES = 9 * 1024 * 1024;

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_REQUEST_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function serve(
  dispatcher: RpcDispatcher,
  wanted: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const given = digest(request.headers.authorization ?? '');
  if (!timingSafeEqual(given, wanted)) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="jsonrpc"' }).end();
    return;
  }
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: 'close' }).end();
    return;
  }
  const answer = await dispatcher.answer(body);
  response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
}

export interface RpcServer {
  readonly port: number;
  close(): Promise<void>;
}

function closing(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Serves the dispatcher on loopback with HTTP basic authentication. @throws ChainError `port_in_use`. */
export async function startRpcServer(
  dispatcher: RpcDispatcher,
  port: number,
  credentials: string,
): Promise<RpcServer> {
  const wanted = digest(`Basic ${Buffer.from(credentials).toString('base64')}`);
  const server = createServer((request, response) => {
    serve(dispatcher, wanted, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new ChainError('port_in_use', `The port ${port} that the node should listen on cannot be had.`, {
          details: { port },
          cause,
        }),
      );
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closing(server) };
}
