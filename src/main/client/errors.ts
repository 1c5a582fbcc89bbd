import type { Problem } from '../../http/problem-contract.ts';
import { DomainError } from '../../shared/index.ts';
import { clean } from './output.ts';

export type ClientErrorCode =
  /** The API says no. */
  | 'api_refused'
  /** It says no to this caller: sign in, another role, another scope. */
  | 'api_not_permitted'
  /** Nobody answered, or the same may succeed later. */
  | 'api_away'
  /** What answered does not speak as Trilock does. */
  | 'api_strange';

/** A command that the API did not carry out. */
export class ClientError extends DomainError<ClientErrorCode> {
  /** What the API said, where it said something. */
  readonly problem: Problem | undefined;

  constructor(code: ClientErrorCode, text: string, options: { problem?: Problem; cause?: unknown } = {}) {
    super(code, text, { retryable: code === 'api_away', cause: options.cause });
    this.problem = options.problem;
  }
}

function codeOf({ status, retryable }: Problem): ClientErrorCode {
  if (status === 401 || status === 403) return 'api_not_permitted';
  return retryable ? 'api_away' : 'api_refused';
}

/** What a problem (RFC 9457) says, in one line for people. */
export function problemError(problem: Problem): ClientError {
  const fields = (problem.violations ?? []).map(({ at, message }) => `${at} ${message}`);
  const text = [`${problem.title}: ${problem.detail}`, ...fields].join('; ');
  const names = `(${problem.code}, ${problem.requestId})`;
  return new ClientError(codeOf(problem), clean(`${text} ${names}`), { problem });
}
