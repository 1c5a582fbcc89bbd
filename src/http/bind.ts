import type { RequestId } from '../shared/index.ts';
import type { Cursors } from './cursor.ts';
import type { Committed, Effect } from './effect.ts';
import type { BodyOf, IsPublic, OperationShape, ParamsOf, QueryOf, ReplyOf } from './operation-contract.ts';
import type { Principal } from './principal.ts';

/** What every handler knows about its caller. */
export interface RequestContext {
  readonly requestId: RequestId;
  readonly clientAddress: string;
  readonly userAgent: string | null;
  /** Signs and reads the page cursors of this operation for this caller. */
  readonly cursors: Cursors;
  /** The CSRF token that belongs to the caller's session; null without a session. */
  readonly csrfToken: string | null;
  /** Aborts when the answer has been given up. */
  readonly signal: AbortSignal;
}

export interface OperationRequest<O extends OperationShape> extends RequestContext {
  readonly params: ParamsOf<O>;
  readonly query: QueryOf<O>;
  readonly body: BodyOf<O>;
  readonly principal: IsPublic<O> extends true ? Principal | null : Principal;
  /** The version named in `If-Match`, for operations that are `versioned`. */
  readonly ifMatchVersion: O['versioned'] extends true ? number : undefined;
}

/** A reply after its body has been checked by nobody yet. */
export interface UncheckedReply {
  readonly status: number;
  readonly body?: unknown;
  readonly replayBody?: unknown;
  readonly version?: number;
  readonly location?: string;
  readonly cookie?: string;
}

export interface UncheckedRequest extends RequestContext {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly principal: Principal | null;
  readonly ifMatchVersion: number | undefined;
}

interface BoundBase {
  readonly operation: OperationShape;
}

interface BoundFreely extends BoundBase {
  readonly once: false;
  readonly run: (request: UncheckedRequest) => Promise<UncheckedReply>;
}

export interface BoundOnce extends BoundBase {
  readonly once: true;
  readonly run: (
    request: UncheckedRequest,
    effect: Effect<UncheckedReply>,
  ) => Promise<Committed<UncheckedReply>>;
}

/** An operation with its handler, as the kit mounts it. */
export type BoundOperation = BoundFreely | BoundOnce;

/**
 * The handler of an operation whose answer the kit does not store. (A conditional type, since the compiler
 * resolves those whole, which keeps a handler's literals literal.)
 */
type Handler<O extends OperationShape> = O extends { readonly idempotency: 'key' }
  ? never
  : (request: OperationRequest<O>) => Promise<ReplyOf<O>>;

/** Attaches the handler of an operation that reads, or that guards its own repetition. */
export function handle<O extends OperationShape>(operation: O, run: Handler<O>): BoundOperation {
  return {
    operation,
    once: false,
    // The pipeline parses with this very operation's schemas before it calls.
    run: run as unknown as BoundFreely['run'],
  };
}

type OnceHandler<O extends OperationShape> = O extends { readonly idempotency: 'key' }
  ? (request: OperationRequest<O>, effect: Effect<ReplyOf<O>>) => Promise<Committed<ReplyOf<O>>>
  : never;

/**
 * Attaches the handler of an operation that acts once per `Idempotency-Key`. It may prepare outside (with ids
 * from `effect.id` only) and ends in `effect.commit`.
 */
export function handleOnce<O extends OperationShape>(operation: O, run: OnceHandler<O>): BoundOperation {
  return { operation, once: true, run: run as unknown as BoundOnce['run'] };
}
