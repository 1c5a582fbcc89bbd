import type { Request, Response } from 'express';
import { z } from 'zod';
import type { UncheckedReply } from './bind.ts';
import { entityTag } from './entity-tag.ts';
import type { OperationShape } from './operation-contract.ts';
import type { ProblemReply } from './problem.ts';
import { hasBody } from './read-body.ts';

/** An answer in wire form: exactly what is sent, and what is stored for a repeated request. */
export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text, or null for an answer without content. */
  readonly body: string | null;
}

const JSON_CONTENT = 'application/json; charset=utf-8';
const PROBLEM_CONTENT = 'application/problem+json; charset=utf-8';

/**
 * Turns a handler's reply into what goes over the wire. Only fields that the contract declares leave the
 * process; a reply that does not fit its contract is our mistake and becomes an internal error.
 */
export function toWire(operation: OperationShape, reply: UncheckedReply): WireReply {
  const declared = operation.responses[reply.status];
  if (declared === undefined) {
    throw new TypeError(`${operation.operationId} answered ${reply.status}, which it does not declare`);
  }
  return {
    status: reply.status,
    headers: {
      ...(declared.body === null ? {} : { 'content-type': JSON_CONTENT }),
      ...(reply.version === undefined ? {} : { etag: entityTag(reply.version) }),
      ...(reply.location === undefined ? {} : { location: reply.location }),
      ...(reply.cookie === undefined ? {} : { 'set-cookie': reply.cookie }),
    },
    // The body has its domain type by the types of `handle`; the schema checks it once more.
    body: declared.body === null ? null : JSON.stringify(z.encode(declared.body, reply.body)),
  };
}

export function problemToWire(problem: ProblemReply): WireReply {
  return {
    status: problem.status,
    headers: { ...problem.headers, 'content-type': PROBLEM_CONTENT },
    body: JSON.stringify(problem.body),
  };
}

export function sendWire(response: Response, reply: WireReply): void {
  response.status(reply.status).set(reply.headers);
  if (reply.body === null) response.end();
  else response.end(reply.body);
}

/** How much of a refused body is still read, so that its sender gets to see the answer. */
const LINGER_BYTES = 33_554_432;
const LINGER_MS = 3_000;

/**
 * Sends the answer at once but ends it only when the sender has stopped sending, or has sent too much: closing
 * earlier makes the sender's TCP stack throw the answer away (RFC 9112 section 9.6).
 */
function endAfterLingering(request: Request, response: Response, body: string): void {
  response.set({ connection: 'close', 'content-length': String(Buffer.byteLength(body)) });
  response.write(body);
  let read = 0;
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > LINGER_BYTES) finish();
  });
  request.once('end', finish);
  request.once('close', finish);
  request.resume();
}

export function sendProblem(request: Request, response: Response, problem: ProblemReply): void {
  const wire = problemToWire(problem);
  if (hasBody(request) && !request.complete) {
    response.status(wire.status).set(wire.headers);
    endAfterLingering(request, response, wire.body ?? '');
    return;
  }
  sendWire(response, wire);
}
