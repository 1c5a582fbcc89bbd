/** What an error may tell about itself: plain JSON data, never a secret. */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | readonly number[]>
>;

export interface DomainErrorOptions {
  /** Facts for the caller, shown publicly with the code. */
  readonly details?: ErrorDetails;
  /** Text for operators only: goes to logs, never to a response. */
  readonly internal?: string;
  /** Whether the same request may succeed later without being changed. Default false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * A refusal that the domain knows by name. `code` is one of a closed set of literals that each context
 * declares (`class LedgerError extends DomainError<LedgerErrorCode> {}`); `message` is public text.
 * Programmer errors are not domain errors: they use `assert`.
 */
export class DomainError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails;
  readonly internal: string | undefined;
  readonly retryable: boolean;

  constructor(code: Code, publicText: string, options: DomainErrorOptions = {}) {
    super(publicText, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
    this.internal = options.internal;
    this.retryable = options.retryable ?? false;
  }
}

/** Codes of errors that `shared` itself raises. */
export type SharedErrorCode =
  | 'amount_malformed'
  | 'amount_out_of_range'
  | 'fee_rate_malformed'
  | 'fee_rate_out_of_range'
  | 'id_malformed'
  | 'json_not_canonical'
  | 'windows_malformed'
  | 'config_invalid';

export class SharedError extends DomainError<SharedErrorCode> {}

/** Narrows what was caught; a bare `instanceof` would leave the code untyped. */
export function isDomainError(thrown: unknown): thrown is DomainError {
  return thrown instanceof DomainError;
}

/** The text of anything thrown, for a log line. */
export function describeError(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
