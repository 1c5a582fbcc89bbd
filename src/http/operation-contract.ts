import type { z } from 'zod';
import type { Access, PublicAccess } from './access-contract.ts';

/** One answer that an operation may give on success. `body: null` is an answer without content. */
export interface ResponseShape {
  readonly description: string;
  readonly body: z.ZodType | null;
}

/**
 * How a POST is kept from acting twice.
 * `key`: the kit stores the answer under the caller's `Idempotency-Key`, for ever.
 * `handler`: the key is required too, but the handler itself guarantees it (e.g. the ledger, whose transfer
 * ids are derived from it). `notNeeded`: doing it twice is harmless, and the text says why.
 */
export type Idempotency = 'key' | 'handler' | { readonly notNeeded: string };

/** The declaration of one operation, from which route, checks and documentation are made. */
export interface OperationShape {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As in OpenAPI: `/v1/wallets/{walletId}`. Every parameter is named in `params`. */
  readonly path: `/${string}`;
  /** Unique, camel case; names the operation in logs, metrics and clients. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Where a larger body than usual has its reason. */
  readonly maxBodyBytes?: number;
  readonly responses: Readonly<Record<number, ResponseShape>>;
  /** Domain error codes beyond those that the kit itself raises. */
  readonly errors: readonly string[];
  /** Required for POST, refused elsewhere. */
  readonly idempotency?: Idempotency;
  /** The update needs `If-Match` with the version that the caller saw (428 without, 412 on another). */
  readonly versioned?: boolean;
  /** Health checks answer even a caller who is over the limit. */
  readonly unlimited?: boolean;
  /** Wire-form examples, shown in the documentation and used by the contract suite. */
  readonly examples?: { readonly body?: unknown; readonly params?: Readonly<Record<string, string>> };
}

/** A message that this API sends to addresses that callers have registered. */
export interface WebhookMessage {
  /** Unique; receivers find it in the message. */
  readonly name: string;
  readonly summary: string;
  readonly body: z.ZodType;
  /** A whole message in wire form. */
  readonly example: unknown;
}

/** Declares an operation and keeps its literal types, so that handlers and clients are typed from it. */
export function defineOperation<const Shape extends OperationShape>(operation: Shape): Shape {
  return operation;
}

type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** What the handler sees, after parsing. */
export type ParamsOf<O extends OperationShape> = OutputOf<O['params']>;
export type QueryOf<O extends OperationShape> = OutputOf<O['query']>;
export type BodyOf<O extends OperationShape> = OutputOf<O['body']>;

export type IsPublic<O extends OperationShape> = O['access'] extends PublicAccess ? true : false;

type ReplyBody<Response> = Response extends { body: infer Body extends z.ZodType }
  ? {
      readonly body: z.output<Body>;
      /** For keyed operations: stored, and given to repeated requests, instead of a body with a secret. */
      readonly replayBody?: z.output<Body>;
    }
  : { readonly body?: undefined };

type RepliesOf<Responses> = {
  [Status in keyof Responses & number]: ReplyBody<Responses[Status]> & {
    readonly status: Status;
    /** Sent as the strong ETag `"v<version>"`. */
    readonly version?: number;
    readonly location?: string;
    /** Value of `Set-Cookie`. */
    readonly cookie?: string;
  };
}[keyof Responses & number];

/** What a handler may answer: one of the declared statuses with its body in domain form. */
export type ReplyOf<O extends OperationShape> = RepliesOf<O['responses']>;
