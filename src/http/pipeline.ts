import assert from 'node:assert';
import type { Request, Response } from 'express';
import type { RequestId } from '../shared/index.ts';
import { authenticate, checkAccess } from './authenticate.ts';
import type { BoundOperation, RequestContext, UncheckedRequest } from './bind.ts';
import { checkSessionChange, csrfTokenOf, refuseCrossSite } from './cross-site.ts';
import { createCursors } from './cursor.ts';
import { versionFromIfMatch } from './entity-tag.ts';
import { idempotencyKeyOf, keyedRequestOf, runOnce } from './idempotent-run.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { KeyedHash } from './keyed-hash.ts';
import type { OperationShape } from './operation-contract.ts';
import { parseRequest } from './parse-request.ts';
import type { Authenticator, Principal } from './principal.ts';
import { HttpError, type ErrorMap } from './problem.ts';
import { sendWire, toWire, type WireReply } from './send-reply.ts';
import { addressKey, rateLimitHeaders, type Throttle } from './throttle.ts';

export interface RequestLimits {
  readonly address: Throttle;
  /** Per session or API key. */
  readonly principal: Throttle;
}

/** What the steps of a request need. */
export interface PipelineParts {
  readonly hash: KeyedHash;
  /** Scheme, host and port that browsers see, e.g. `https://bank.example`. */
  readonly publicOrigin: string;
  /** Null for an application without callers of its own (health and metrics only). */
  readonly authenticator: Authenticator | null;
  /** Null when no operation is keyed. */
  readonly idempotency: IdempotencyStore | null;
  /** Null for an application that only machines of our own reach. */
  readonly limits: RequestLimits | null;
  /** Refuses a caller by throwing, whatever the operation's rule allows: an account that is locked, say. */
  readonly guard?: (operation: OperationShape, principal: Principal) => Promise<void>;
  readonly errorMap: ErrorMap;
  /** An answer that takes longer is given up with 503; the lease of an idempotency key must outlast it. */
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

function limitKeyOf({ proof }: Principal): string {
  return proof.kind === 'session' ? proof.sessionId : proof.keyId;
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
    csrfToken: session === null ? null : csrfTokenOf(parts.hash, session.tokenHash),
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

interface Served {
  readonly reply: WireReply;
  readonly replayed: boolean;
}

async function execute(
  parts: PipelineParts,
  bound: BoundOperation,
  request: Request,
  unchecked: UncheckedRequest,
  wireBody: unknown,
): Promise<Served> {
  const { operation } = bound;
  if (operation.idempotency === 'handler') idempotencyKeyOf(request);
  if (!bound.once) return { reply: toWire(operation, await bound.run(unchecked)), replayed: false };
  assert(parts.idempotency !== null, 'keyed operations need a store');
  const subject = unchecked.principal?.id ?? 'anonymous';
  const keyed = keyedRequestOf(parts.hash, request, operation.operationId, subject, wireBody);
  return await runOnce({ store: parts.idempotency, errorMap: parts.errorMap }, bound, keyed, unchecked);
}

/** Counts the request against its address, then against its principal; the tighter count is shown. */
async function limit(parts: PipelineParts, response: Response, kind: keyof RequestLimits, key: string) {
  if (parts.limits !== null) response.set(rateLimitHeaders(await parts.limits[kind].take(key)));
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
  if (operation.unlimited !== true) await limit(parts, response, 'address', addressKey(request.ip ?? ''));
  // Who asks for health is nobody's business, and must not need the database to be told that we live.
  const authenticator = operation.unlimited === true ? null : parts.authenticator;
  const principal = await authenticate(request, authenticator);
  if (principal !== null) {
    notes.principal = principal.id;
    if (operation.unlimited !== true) await limit(parts, response, 'principal', limitKeyOf(principal));
  }
  checkAccess(operation.access, principal, request);
  checkOrigin(parts, operation, request, principal);
  if (principal !== null) await parts.guard?.(operation, principal);
  const ifMatchVersion =
    operation.versioned === true ? versionFromIfMatch(request.headers['if-match']) : undefined;
  const { wireBody, ...parsed } = await parseRequest(operation, request);
  const { reply, replayed } = await withTimeout(parts.handlerTimeoutMs, (signal) => {
    const context = contextOf(parts, operation, request, notes.requestId, principal, signal);
    return execute(parts, bound, request, { ...context, ...parsed, principal, ifMatchVersion }, wireBody);
  });
  if (replayed) response.set('idempotency-replayed', 'true');
  sendWire(response, reply);
}
