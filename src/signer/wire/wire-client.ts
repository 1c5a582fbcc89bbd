import { request as httpRequest, type RequestOptions } from 'node:http';
import { DomainError, type ErrorDetails, type JsonValue } from '../../shared/index.ts';
import { SignerError } from '../errors.ts';

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly retryable: boolean;
}

function isRefusal(value: unknown): value is Refusal {
  const refusal = value as Partial<Refusal> | null;
  return typeof refusal?.code === 'string' && typeof refusal.message === 'string';
}

function post(
  target: RequestOptions,
  method: string,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      ...target,
      method: 'POST',
      path: `/${method}`,
      headers: { 'content-type': 'application/json' },
    };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
      });
      response.once('error', reject);
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', reject);
    request.end(body);
  });
}

/**
 * Calls a method of a wire server. A refusal of the other side is thrown as the `DomainError` it was there.
 * @throws SignerError `wire_unreachable` (retryable) when nothing usable answers.
 */
export async function callWire(
  target: { readonly path: string } | { readonly host: string; readonly port: number },
  method: string,
  parameters: JsonValue,
  timeoutMs: number,
): Promise<unknown> {
  let answer: unknown;
  let status: number;
  try {
    const { status: code, text } = await post(
      { ...('path' in target ? { socketPath: target.path } : target), timeout: timeoutMs },
      method,
      JSON.stringify(parameters),
    );
    status = code;
    answer = JSON.parse(text);
  } catch (cause) {
    throw new SignerError('wire_unreachable', 'The process does not answer.', { retryable: true, cause });
  }
  if (status === 200) return answer;
  if (!isRefusal(answer)) {
    throw new SignerError('wire_unreachable', 'The process answers with something else.', {
      retryable: true,
    });
  }
  const { code, message, details, retryable } = answer;
  throw new DomainError(code, message, { details, retryable });
}
