import type { Request } from 'express';
import { z } from 'zod';
import type { OperationShape } from './operation-contract.ts';
import { HttpError } from './problem.ts';
import { hasBody, readJsonBody } from './read-body.ts';

interface Parsed {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The body as it was sent, before the contract turned it into domain values. */
  readonly wireBody: unknown;
}

/** More is noise for whoever reads the answer. */
const MAX_VIOLATIONS = 20;

function pointer(part: string, path: readonly PropertyKey[]): string {
  const steps = path.map((step) => String(step).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1'));
  return ['', part, ...steps].join('/');
}

function check(part: string, schema: z.ZodType, value: unknown): unknown {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  throw new HttpError('request_invalid', 'Some fields of the request are not acceptable.', {
    violations: result.error.issues.slice(0, MAX_VIOLATIONS).map((issue) => ({
      at: pointer(part, issue.path),
      message: issue.message.slice(0, 300),
    })),
  });
}

/** Each name once: a second value for the same name is refused rather than chosen from. */
function queryOf(request: Request): Record<string, string> {
  const at = request.originalUrl.indexOf('?');
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  if (at < 0) return values;
  for (const [name, value] of new URLSearchParams(request.originalUrl.slice(at + 1))) {
    if (name in values || name === '__proto__') {
      throw new HttpError('request_malformed', 'A query parameter is given twice or has a reserved name.');
    }
    if (value.includes('\0') || value.includes('\uFFFD')) {
      throw new HttpError('request_malformed', 'A query parameter is not valid text.');
    }
    values[name] = value;
  }
  return { ...values };
}

async function wireBodyOf(operation: OperationShape, request: Request): Promise<unknown> {
  if (operation.body !== undefined) return await readJsonBody(request, operation.maxBodyBytes);
  if (hasBody(request)) throw new HttpError('request_malformed', 'This operation takes no body.');
  return undefined;
}

/**
 * Parses what a request carries by the operation's own schemas; unknown fields are refused where the contract
 * uses strict objects. @throws HttpError `request_malformed`, `request_invalid`, and those of `readJsonBody`.
 */
export async function parseRequest(operation: OperationShape, request: Request): Promise<Parsed> {
  if (Object.values(request.params).some((value) => String(value).includes('\0'))) {
    throw new HttpError('request_malformed', 'The path is not valid text.');
  }
  const query = queryOf(request);
  const wireBody = await wireBodyOf(operation, request);
  return {
    wireBody,
    params:
      operation.params === undefined ? undefined : check('params', operation.params, { ...request.params }),
    // Without a query schema, no parameter is known, so none is accepted.
    query: check('query', operation.query ?? z.strictObject({}), query),
    body: operation.body === undefined ? undefined : check('body', operation.body, wireBody),
  };
}
