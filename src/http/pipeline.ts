import type { Request, Response } from 'express';
import type { RequestId } from '../shared/index.ts';
import { authenticate, checkAccess } from './authenticate.ts';
import type { BoundOperation, RequestContext, UncheckedRequest } from './bind.ts';
import { checkSessionChange, csrfTokenOf, refuseCrossSite } from './cross-site.ts';
import { createCursors } from './cursor.ts';
import { versionFromIfMatch } from './entity-tag.ts';
import type { KeyedHash } from './keyed-hash.ts';
import type { OperationShape } from './operation-contract.ts';
import { parseRequest } from './parse-request.ts';
import type { Authenticator, Principal } from './principal.ts';
import { HttpError } from './problem.ts';
import { sendWire, toWire, type WireReply } from './send-reply.ts';

/** What the steps of a request need. */
export interface PipelineParts {
  readonly hash: KeyedHash;
  /** Scheme, host and port that browsers see, e.g. `https://bank.example`. */
  readonly publicOrigin: string;
  readonly authenticator: Authenticator | null;
  readonly handlerTimeoutMs: number;
}

/** What the kit notes on a response for its log line. */
export interface ResponseNotes {
  requestId: RequestId;
  operationId?: string;
  route?: string;
  principal?: string;
  code?: string;
}

function checkOrigin(
  parts: PipelineParts,
  operation: OperationShape,
  request: Request,
  who: Principal | null,
) {
  if (operation.method === 'get') return;
  if (who?.proof.kind === 'session' && operation.access.kind !== 'public') {
    checkSessionChange(request.headers, parts.publicOrigin, parts.hash, who.proof);
    return;
  }
  // Signing a victim in to the attacker's account is an attack as well, so public changes are checked too.
  if (who?.proof.kind !== 'api_key') refuseCrossSite(request.headers, parts.publicOrigin);
}

function contextOf(
  parts: PipelineParts,
  operation: OperationShape,
  request: Request,
  requestId: RequestId,
  principal: Principal | null,
  signal: AbortSignal,
): RequestContext {
  const session = principal?.proof.kind === 'session' ? principal.proof : null;
  return {
    requestId,
    clientAddress: request.ip ?? 'unknown',
    userAgent: request.headers['user-agent']?.slice(0, 200) ?? null,
    cursors: createCursors(parts.hash, [operation.operationId, principal?.id ?? '']),
    csrfToken: session === null ? null : csrfTokenOf(parts.hash, session),
    signal,
  };
}

/** Gives up on the answer, not on the work: what has begun ends or not, and a repeated key finds out which. */
async function withTimeout<T>(timeoutMs: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(
        new HttpError('timed_out', 'This took too long; ask again to learn how it ended.', {
          retryable: true,
        }),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function execute(bound: BoundOperation, request: UncheckedRequest): Promise<WireReply> {
  return toWire(bound.operation, await bound.run(request));
}

/** One request to one operation, from credentials to answer. Throws; the error handler answers. */
export async function serve(
  parts: PipelineParts,
  bound: BoundOperation,
  request: Request,
  response: Response,
): Promise<void> {
  const { operation } = bound;
  const notes = response.locals as ResponseNotes;
  const principal = await authenticate(request, parts.authenticator);
  if (principal !== null) notes.principal = principal.id;
  checkAccess(operation.access, principal, request);
  checkOrigin(parts, operation, request, principal);
  const ifMatchVersion =
    operation.versioned === true ? versionFromIfMatch(request.headers['if-match']) : undefined;
  const parsed = await parseRequest(operation, request);
  const reply = await withTimeout(parts.handlerTimeoutMs, (signal) =>
    execute(bound, {
      ...contextOf(parts, operation, request, notes.requestId, principal, signal),
      ...parsed,
      principal,
      ifMatchVersion,
    }),
  );
  sendWire(response, reply);
}
