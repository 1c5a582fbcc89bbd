import { z } from 'zod';

/** Problem details (RFC 9457) as our API answers them; foreign members are ignored. */
const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
});

/** A request that brought no usable answer: refused, failed, or not understood. */
export class RequestFailure extends Error {
  /** HTTP status, or null when no answer came. */
  readonly status: number | null;
  /** The API's stable error code, when it gave one. */
  readonly code: string | null;

  constructor(message: string, status: number | null, code: string | null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RequestFailure';
    this.status = status;
    this.code = code;
  }
}

async function failureOf(response: Response): Promise<RequestFailure> {
  const body: unknown = await response.json().catch(() => null);
  const problem = problemSchema.safeParse(body);
  const fallback = `The server answered ${response.status}.`;
  if (!problem.success) return new RequestFailure(fallback, response.status, null);
  const { title, detail, code } = problem.data;
  return new RequestFailure(detail ?? title ?? fallback, response.status, code ?? null);
}

async function answerOf<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  request: RequestInit,
): Promise<z.infer<Schema>> {
  const response = await fetch(path, request).catch((cause: unknown) => {
    throw new RequestFailure('The server does not answer.', null, null, { cause });
  });
  if (!response.ok) throw await failureOf(response);
  const body: unknown = await response.json().catch((cause: unknown) => {
    throw new RequestFailure('The server answered something that is not JSON.', response.status, null, {
      cause,
    });
  });
  const parsed = schema.safeParse(body);
  if (!parsed.success) {
    throw new RequestFailure(
      'The server answered in a form this page does not know.',
      response.status,
      null,
      {
        cause: parsed.error,
      },
    );
  }
  return parsed.data;
}

/** GETs JSON of our own origin and checks it against its contract. @throws RequestFailure. */
export async function fetchJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  signal: AbortSignal,
): Promise<z.infer<Schema>> {
  return await answerOf(path, schema, { signal, headers: { accept: 'application/json' } });
}

/** POSTs JSON to our own origin, without a session. @throws RequestFailure. */
export async function postJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  body: unknown,
): Promise<z.infer<Schema>> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return await answerOf(path, schema, { method: 'POST', headers, body: JSON.stringify(body) });
}
