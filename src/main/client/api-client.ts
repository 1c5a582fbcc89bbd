import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { OperationShape } from '../../http/operation-contract.ts';
import { problemSchema } from '../../http/problem-contract.ts';
import { SharedError } from '../../shared/index.ts';
import { ClientError, problemError } from './errors.ts';

type InputOf<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;

type Member<Name extends string, Schema> = Schema extends z.ZodType
  ? { readonly [_ in Name]: z.input<Schema> }
  : { readonly [_ in Name]?: undefined };

/** What a call of an operation takes, in wire form. */
export type CallOf<O extends OperationShape> = Member<'params', O['params']> &
  Member<'body', O['body']> & {
    readonly query?: InputOf<O['query']>;
    /** The ETag of the version to be changed, for operations that are `versioned`. */
    readonly ifMatch?: string;
  };

type BodiesOf<Responses> = {
  [Status in keyof Responses & number]: Responses[Status] extends { body: infer Body extends z.ZodType }
    ? z.input<Body>
    : undefined;
}[keyof Responses & number];

/** What comes back, in wire form. */
export type AnswerOf<O extends OperationShape> = BodiesOf<O['responses']>;

export interface Answer<O extends OperationShape> {
  readonly body: AnswerOf<O>;
  readonly etag: string | null;
  readonly setCookie: string | undefined;
}

/** By what the API knows the caller. */
export type Credentials =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'session'; readonly cookie: string; readonly csrfToken: string }
  | { readonly kind: 'api_key'; readonly key: string };

export interface ApiClientOptions {
  readonly url: string;
  readonly credentials: Credentials;
  /** For the one change of this command; a fresh one unless the caller repeats a request whose answer was lost. */
  readonly idempotencyKey?: string | undefined;
}

/** Nothing that the API answers is larger; a stranger at its address must not fill our memory. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
/** So often is a request sent whose answer was lost or put off; the idempotency key makes that harmless. */
const ATTEMPTS = 3;
const MAX_WAIT_SECONDS = 10;
const LOOPBACK = /^(localhost|127\.[0-9.]+|\[::1\])$/;

async function readAll(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new ClientError('api_strange', 'The answer is larger than any of ours.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether sending it twice does no more than sending it once. */
function mayRepeat({ method, idempotency }: OperationShape): boolean {
  return method === 'get' || idempotency === 'key' || idempotency === 'handler';
}

/** Checks what is about to be sent as the API will, so that a slip is told without a network. */
function checked(schema: z.ZodType | undefined, value: unknown, where: string): void {
  const result = schema?.safeParse(value);
  if (result === undefined || result.success) return;
  const what = result.error.issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`);
  throw new SharedError('config_invalid', what.join('; '));
}

/** An address that credentials may be sent to. @throws SharedError `config_invalid`. */
function originOf(url: string): string {
  const { protocol, hostname, origin } = new URL(url);
  if (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) return origin;
  throw new SharedError(
    'config_invalid',
    `${url} is neither https nor this machine; secrets are not sent there.`,
  );
}

function pathOf(operation: OperationShape, call: { params?: unknown; query?: unknown }): string {
  const params = (call.params ?? {}) as Readonly<Record<string, string>>;
  const path = operation.path.replace(/\{([A-Za-z]+)\}/g, (_all, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(
    (call.query ?? {}) as Readonly<Record<string, string | undefined>>,
  )) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** The REST API as its contracts describe it: what is sent and what comes back has the types of the operation. */
export class ApiClient {
  readonly #origin: string;
  readonly #credentials: Credentials;
  readonly idempotencyKey: string;

  constructor({ url, credentials, idempotencyKey }: ApiClientOptions) {
    this.#origin = originOf(url);
    this.#credentials = credentials;
    this.idempotencyKey = idempotencyKey ?? randomUUID();
  }

  /** @throws ClientError; SharedError `config_invalid` for what the API would refuse as malformed. */
  async call<const O extends OperationShape>(operation: O, call: CallOf<O>): Promise<AnswerOf<O>> {
    return (await this.send(operation, call)).body;
  }

  /** The same with what stands in the answer's headers. */
  async send<const O extends OperationShape>(operation: O, call: CallOf<O>): Promise<Answer<O>> {
    checked(operation.params, call.params, 'params');
    checked(operation.query, call.query ?? {}, 'query');
    checked(operation.body, call.body, 'body');
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(operation, call);
      } catch (thrown) {
        const isAway = thrown instanceof ClientError && thrown.code === 'api_away';
        if (!isAway || attempt === ATTEMPTS || !mayRepeat(operation))
          throw this.#explained(operation, thrown);
        await sleep(Math.min(attempt, MAX_WAIT_SECONDS) * 1_000);
      }
    }
  }

  /** A lost answer leaves open whether the change was made: the same key finds out. */
  #explained(operation: OperationShape, thrown: unknown): unknown {
    const isOpen = thrown instanceof ClientError && thrown.code === 'api_away' && operation.method === 'post';
    if (!isOpen || !mayRepeat(operation)) return thrown;
    const again = `Run it again with --idempotency-key ${this.idempotencyKey} to learn how it ended.`;
    const { problem } = thrown;
    return new ClientError('api_away', `${thrown.message} ${again}`, {
      ...(problem === undefined ? {} : { problem }),
      cause: thrown,
    });
  }

  #headers(operation: OperationShape, call: { body?: unknown; ifMatch?: string }): Record<string, string> {
    const who = this.#credentials;
    return {
      accept: 'application/json, application/problem+json',
      ...(operation.method === 'post' ? { 'idempotency-key': this.idempotencyKey } : {}),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.ifMatch === undefined ? {} : { 'if-match': call.ifMatch }),
      ...(who.kind === 'session' ? { cookie: who.cookie, 'x-csrf-token': who.csrfToken } : {}),
      ...(who.kind === 'api_key' ? { authorization: `Bearer ${who.key}` } : {}),
    };
  }

  async #fetch(operation: OperationShape, call: { params?: unknown; query?: unknown; body?: unknown }) {
    try {
      const response = await fetch(`${this.#origin}${pathOf(operation, call)}`, {
        method: operation.method.toUpperCase(),
        headers: this.#headers(operation, call),
        // A redirect would carry what we send to somebody else.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      return { response, text: await readAll(response) };
    } catch (cause) {
      if (cause instanceof ClientError) throw cause;
      throw new ClientError('api_away', `Nothing answers at ${this.#origin}.`, { cause });
    }
  }

  async #once<O extends OperationShape>(operation: O, call: CallOf<O>): Promise<Answer<O>> {
    const { response, text } = await this.#fetch(operation, call);
    const document = parseJson(text);
    if (!response.ok) {
      const problem = problemSchema.safeParse(document);
      if (problem.success) throw problemError(problem.data);
      const said = `${this.#origin} answered ${response.status}, and not as Trilock does.`;
      throw new ClientError(response.status >= 500 ? 'api_away' : 'api_strange', said);
    }
    const declared = operation.responses[response.status];
    const fits = declared !== undefined && (declared.body?.safeParse(document).success ?? text === '');
    if (!fits) {
      const said = `${this.#origin} answered ${operation.operationId} in a form that this version does not know.`;
      throw new ClientError('api_strange', said);
    }
    return {
      // Just checked against the schema of this very status.
      body: (declared.body === null ? undefined : document) as AnswerOf<O>,
      etag: response.headers.get('etag'),
      setCookie: response.headers.getSetCookie()[0]?.split(';')[0],
    };
  }
}
