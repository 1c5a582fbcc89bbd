import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isDomainError, type JsonValue } from '../../shared/index.ts';
import { SignerError } from '../errors.ts';

/** A PSBT of a full-size batch is under 4 MB in base 64; nothing we send is larger. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

export type WireMethod = (parameters: JsonValue) => Promise<JsonValue>;

export interface WireServerOptions {
  readonly methods: Readonly<Record<string, WireMethod>>;
  /** Hears of what is not a refusal: a failure of our own. */
  readonly onFailure: (method: string, thrown: unknown) => void;
}

async function readBody(request: IncomingMessage): Promise<JsonValue> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SignerError('wire_too_large', 'The request is too large.');
    chunks.push(chunk);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw new SignerError('wire_malformed', 'The request is not JSON.', { cause });
  }
}

function reply(response: ServerResponse, status: number, body: JsonValue): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
  // What the caller still sends of a request that was answered early is not read.
  if (!response.req.complete) response.once('finish', () => response.req.destroy());
}

async function serve(
  options: WireServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = (request.url ?? '').slice(1);
  try {
    const method = Object.hasOwn(options.methods, name) ? options.methods[name] : undefined;
    if (request.method !== 'POST' || method === undefined) {
      throw new SignerError('wire_unknown_method', 'There is no such method.', {
        details: { method: name.slice(0, 60) },
      });
    }
    reply(response, 200, await method(await readBody(request)));
  } catch (thrown) {
    if (isDomainError(thrown)) {
      const { code, message, details, retryable } = thrown;
      reply(response, 422, { code, message, details: { ...details }, retryable });
    } else {
      options.onFailure(name, thrown);
      reply(response, 500, {
        code: 'internal_error',
        message: 'It failed inside.',
        details: {},
        retryable: true,
      });
    }
  }
}

/** `POST /<method>` with JSON in and JSON out, over a socket that only our own processes reach. */
export function createWireServer(options: WireServerOptions): Server {
  const server = createServer((request, response) => {
    serve(options, request, response).catch((thrown: unknown) => {
      options.onFailure('(answering)', thrown);
      response.destroy();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  return server;
}
