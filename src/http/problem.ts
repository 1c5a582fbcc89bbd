import { isDatabaseAway } from '../database/index.ts';
import { DomainError, type DomainErrorOptions } from '../shared/index.ts';
import type { Problem } from './problem-contract.ts';

/** Codes that the kit itself raises. */
export type HttpErrorCode =
  | 'request_malformed'
  | 'request_invalid'
  | 'body_too_large'
  | 'media_type_unsupported'
  | 'authentication_required'
  | 'credentials_invalid'
  | 'credentials_ambiguous'
  | 'forbidden'
  | 'scope_missing'
  | 'cross_site_refused'
  | 'csrf_token_invalid'
  | 'route_unknown'
  | 'method_not_allowed'
  | 'idempotency_key_missing'
  | 'idempotency_key_malformed'
  | 'idempotency_key_in_progress'
  | 'idempotency_key_reused'
  | 'precondition_required'
  | 'precondition_failed'
  | 'cursor_invalid'
  | 'rate_limited'
  | 'timed_out'
  | 'service_unavailable'
  | 'internal_error';

interface Violation {
  /** RFC 6901 pointer that begins with `/body`, `/query` or `/params`. */
  readonly at: string;
  readonly message: string;
}

interface HttpErrorOptions extends DomainErrorOptions {
  readonly violations?: readonly Violation[];
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export class HttpError extends DomainError<HttpErrorCode> {
  readonly violations: readonly Violation[];
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpErrorCode, publicText: string, options: HttpErrorOptions = {}) {
    super(code, publicText, options);
    this.violations = options.violations ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
  }
}

/** How one error code looks over HTTP. */
export interface ErrorEntry {
  readonly status: number;
  /** A sentence without names or numbers: the same for every occurrence. */
  readonly title: string;
}

/** The one map of the program: `satisfies ErrorMap<EveryCode>` in `src/main` makes it exhaustive. */
export type ErrorMap<Code extends string = string> = Readonly<Record<Code, ErrorEntry>>;

export interface ProblemReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

/** A client that is told nothing better waits so long before it tries again. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

function problemOf(error: DomainError, entry: ErrorEntry, requestId: string): ProblemReply {
  const retryAfter = error instanceof HttpError ? error.retryAfterSeconds : undefined;
  const violations = error instanceof HttpError ? error.violations : [];
  return {
    status: entry.status,
    headers: {
      ...(error.retryable || retryAfter !== undefined
        ? { 'retry-after': String(retryAfter ?? DEFAULT_RETRY_AFTER_SECONDS) }
        : {}),
      ...(error instanceof HttpError ? error.headers : {}),
    },
    body: {
      type: `urn:trilock:problem:${error.code}`,
      title: entry.title,
      status: entry.status,
      code: error.code,
      detail: error.message,
      requestId,
      retryable: error.retryable,
      ...(Object.keys(error.details).length > 0 ? { details: error.details } : {}),
      ...(violations.length > 0 ? { violations: [...violations] } : {}),
    },
  };
}

/** Time for a database to start again, or for a standby to take over. */
const DATABASE_AWAY_SECONDS = 5;

function unavailable(): HttpError {
  return new HttpError(
    'service_unavailable',
    'A part of this service is away; send the same request again in a few seconds, with the same idempotency key.',
    { retryable: true, retryAfterSeconds: DATABASE_AWAY_SECONDS },
  );
}

/**
 * The answer to anything thrown. What is not a domain error, or has a code that the map lacks, becomes
 * `internal_error`: a request id and nothing about the inside; `service_unavailable` while the database is away.
 */
export function toProblem(thrown: unknown, errorMap: ErrorMap, requestId: string): ProblemReply {
  if (thrown instanceof DomainError) {
    const error = thrown as DomainError;
    const entry = Object.hasOwn(errorMap, error.code) ? errorMap[error.code] : undefined;
    if (entry !== undefined) return problemOf(error, entry, requestId);
  }
  if (isDatabaseAway(thrown)) {
    const away = errorMap['service_unavailable'] ?? { status: 503, title: 'The service is not available' };
    return problemOf(unavailable(), away, requestId);
  }
  const hidden = new HttpError('internal_error', 'Something failed on our side; the request id names it.');
  return problemOf(hidden, errorMap['internal_error'] ?? { status: 500, title: 'Internal error' }, requestId);
}
