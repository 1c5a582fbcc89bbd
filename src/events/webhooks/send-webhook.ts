import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import {
  AddressRefused,
  checkedLookup,
  isAllowedAddress,
  literalAddress,
  type Resolve,
} from './webhook-target.ts';

/** How much of an answer is kept, in characters; no more than a few packets of it are ever read. */
export const RESPONSE_LIMIT = 1_024;
/** From resolving the name to the end of the answer: whoever drips bytes is cut off. */
const TIMEOUT_MS = 15_000;
const MAX_HEADER_BYTES = 16_384;

/** Why an attempt got no answer. */
export type SendFailure = 'address_refused' | 'timed_out' | 'name_unknown' | 'connection_failed';

export interface SendResult {
  readonly status: number | null;
  readonly failure: SendFailure | null;
  /** The beginning of the answer, as far as it is text. */
  readonly response: string;
}

export interface SendOptions {
  readonly allowLoopback: boolean;
  /** Default 15 s. */
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
}

class TimedOut extends Error {}

function failureOf(error: unknown): SendFailure {
  if (error instanceof AddressRefused) return 'address_refused';
  if (error instanceof TimedOut) return 'timed_out';
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['ENOTFOUND', 'EAI_AGAIN', 'ENODATA'].includes(code) ? 'name_unknown' : 'connection_failed';
}

/** Control characters, NUL among them, and half characters at the cut are of no use to anybody. */
function readable(chunks: readonly Buffer[]): string {
  const text = Buffer.concat(chunks).subarray(0, RESPONSE_LIMIT).toString('utf8');
  return text
    .replaceAll(/[^\P{C}\n\t]/gu, '')
    .replaceAll('\uFFFD', '')
    .slice(0, RESPONSE_LIMIT);
}

/** Reads until there is enough; the rest is never asked for. */
function readStart(response: IncomingMessage, done: (chunks: readonly Buffer[]) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const end = (): void => done(chunks);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= RESPONSE_LIMIT) end();
  });
  response.once('end', end);
  // A broken answer still has its status.
  response.once('error', end);
  response.once('close', end);
}

/**
 * Posts one message. Redirects are not followed, no proxy is used, and each message has a connection of its own.
 * Never throws: what went wrong is in the result.
 */
export function sendWebhook(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: SendOptions,
): Promise<SendResult> {
  const { allowLoopback, timeoutMs = TIMEOUT_MS, resolve: resolver } = options;
  const target = new URL(url);
  const address = literalAddress(target);
  // A socket asks no resolver about an address, so these are checked here.
  if (address !== null && !isAllowedAddress(address, allowLoopback)) {
    return Promise.resolve({ status: null, failure: 'address_refused', response: '' });
  }
  if (target.protocol === 'http:' && !allowLoopback) {
    return Promise.resolve({ status: null, failure: 'address_refused', response: '' });
  }
  return new Promise((resolve) => {
    const send = target.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(target, {
      method: 'POST',
      agent: false,
      lookup: checkedLookup(allowLoopback, resolver),
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
        'user-agent': 'Trilock-Webhooks/1',
      },
    });
    const timer = setTimeout(() => request.destroy(new TimedOut()), timeoutMs);
    const finish = (result: SendResult): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(result);
    };
    let isAnswered = false;
    request.on('response', (response) => {
      isAnswered = true;
      const status = response.statusCode ?? 0;
      readStart(response, (chunks) => finish({ status, failure: null, response: readable(chunks) }));
    });
    request.on('error', (error) => {
      // Once there is a status, it is the answer, however the body ends.
      if (!isAnswered) finish({ status: null, failure: failureOf(error), response: '' });
    });
    request.end(body);
  });
}
