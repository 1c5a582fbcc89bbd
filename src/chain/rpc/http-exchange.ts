import { request, type Agent, type IncomingMessage } from 'node:http';
import { ChainError } from '../errors.ts';

export interface HttpExchange {
  readonly url: URL;
  readonly agent: Agent;
  readonly authorization: string;
  readonly body: string;
  /** For the whole exchange, from connecting to the last byte. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

function tooLarge(limit: number): ChainError {
  return new ChainError('node_answer_too_large', 'The node sent an answer that is too large.', {
    details: { limit },
  });
}

function collect(
  response: IncomingMessage,
  limit: number,
  done: (body: string) => void,
  fail: (error: Error) => void,
): void {
  const parts: Buffer[] = [];
  let length = 0;
  if (Number(response.headers['content-length'] ?? 0) > limit) {
    fail(tooLarge(limit));
    return;
  }
  response.on('data', (part: Buffer) => {
    length += part.length;
    if (length > limit) fail(tooLarge(limit));
    else parts.push(part);
  });
  response.on('error', fail);
  response.on('end', () => {
    if (response.complete) done(Buffer.concat(parts, length).toString('utf8'));
    else
      fail(new ChainError('node_unreachable', 'The connection to the node broke off.', { retryable: true }));
  });
}

/**
 * Posts one body and reads one answer within the limits; a server that hangs, drips, or never stops costs no more
 * than they say. @throws ChainError `node_unreachable`, `node_timeout` (both retryable), `node_answer_too_large`.
 */
export function exchange(options: HttpExchange): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options.url, {
      method: 'POST',
      agent: options.agent,
      headers: {
        authorization: options.authorization,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(options.body),
      },
    });
    const timer = setTimeout(() => {
      fail(new ChainError('node_timeout', 'The node did not answer in time.', { retryable: true }));
    }, options.timeoutMs);
    const fail = (thrown: Error): void => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(
        thrown instanceof ChainError
          ? thrown
          : new ChainError('node_unreachable', 'The node cannot be reached.', {
              internal: thrown.message,
              retryable: true,
              cause: thrown,
            }),
      );
    };
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const finish = (body: string): void => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, body });
      };
      collect(response, options.maxAnswerBytes, finish, fail);
    });
    outgoing.end(options.body);
  });
}
