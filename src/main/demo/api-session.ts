import { randomUUID } from 'node:crypto';
import { SharedError } from '../../shared/index.ts';

/** Somebody signed in at the API, as a browser would be: a cookie, and a CSRF token with every change. */
export class ApiSession {
  readonly #url: string;
  #cookie = '';
  #csrfToken = '';
  /** Of the customer or the member of staff. */
  id = '';

  constructor(url: string) {
    this.#url = url;
  }

  async signIn(path: '/v1/sessions' | '/v1/staff/sessions', email: string, password: string): Promise<void> {
    const response = await this.#send('POST', path, { email, password });
    const answer = (await response.json()) as { readonly id: string; readonly csrfToken: string };
    this.#cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    this.#csrfToken = answer.csrfToken;
    this.id = answer.id;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.#send('GET', path)).json()) as T;
  }

  /** A fresh idempotency key each time, unless the caller repeats a request whose answer was lost. */
  async post<T>(path: string, body?: unknown, idempotencyKey?: string): Promise<T> {
    return (await (await this.#send('POST', path, body, idempotencyKey)).json()) as T;
  }

  async #send(method: string, path: string, body?: unknown, idempotencyKey?: string): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        ...(method === 'POST' ? { 'idempotency-key': idempotencyKey ?? randomUUID() } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#cookie === '' ? {} : { cookie: this.#cookie, 'x-csrf-token': this.#csrfToken }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    if (response.ok) return response;
    const text = (await response.text()).slice(0, 500);
    throw new SharedError(
      'config_invalid',
      `${method} ${path} was answered with ${response.status}: ${text}`,
    );
  }
}
