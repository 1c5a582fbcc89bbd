import type { IncomingMessage } from 'node:http';
import { HttpError } from './problem.ts';
import { parseStrictJson } from './strict-json.ts';

/** The largest request body, in bytes: the biggest legitimate one is a PSBT of a few hundred inputs. */
export const MAX_BODY_BYTES = 262_144;

const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?$/i;

function tooLarge(maxBytes: number): HttpError {
  return new HttpError('body_too_large', `The body is larger than ${maxBytes} bytes.`, {
    details: { maxBytes },
    // What is still on its way is not read: the connection ends with the answer.
    headers: { connection: 'close' },
  });
}

/** Whether the message announces a body at all (RFC 9112 section 6). */
export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > maxBytes) {
        request.off('data', onData);
        request.pause();
        reject(tooLarge(maxBytes));
        return;
      }
      chunks.push(chunk);
    };
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    const broken = (): void => {
      if (!request.complete) {
        reject(new HttpError('request_malformed', 'The body ended before it was complete.'));
      }
    };
    request.once('close', broken);
    request.once('error', broken);
  });
}

/**
 * Reads and parses the JSON body of a request.
 * @throws HttpError `media_type_unsupported`, `body_too_large`, `request_malformed`.
 */
export async function readJsonBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<unknown> {
  if (!hasBody(request)) {
    throw new HttpError('request_malformed', 'A JSON body is needed and there is none.');
  }
  if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new HttpError('media_type_unsupported', 'The body must be application/json in UTF-8.', {
      headers: { connection: 'close' },
    });
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    // A compressed body costs its sender a thousandth of what it costs us.
    throw new HttpError('media_type_unsupported', 'The body must not be compressed.', {
      headers: { connection: 'close' },
    });
  }
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return parseStrictJson(await readBytes(request, maxBytes));
}
