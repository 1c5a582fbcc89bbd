import { randomUUID } from 'node:crypto';
import { SCOPES, STAFF_ROLES } from '../../../src/http/access-contract.ts';
import { errorMap } from '../../../src/main/error-map.ts';
import { Caller, newCustomer, newStaff, PASSWORD, type Bank } from '../../identity/support/bank.ts';
import { SeededRandom } from '../../ledger/simulation/world.ts';
import { hostileText, hostileValue, spoiltBytes, spoiltJson, spoiltText } from './mutate.ts';

interface Operation {
  readonly method: string;
  readonly template: string;
  readonly operationId: string;
  readonly access: 'public' | readonly string[];
  readonly parameters: readonly { in: string; name: string; schema: { examples?: readonly string[] } }[];
  readonly example: unknown;
}

interface DocumentOperation {
  readonly operationId: string;
  readonly requestBody?: { content: { 'application/json': { example?: unknown } } };
  readonly parameters: Operation['parameters'];
  readonly 'x-trilock-access': 'public' | readonly string[];
}

export function operationsOf(document: Readonly<Record<string, unknown>>): Operation[] {
  const paths = document['paths'] as Record<string, Record<string, DocumentOperation>>;
  return Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      template,
      operationId: operation.operationId,
      access: operation['x-trilock-access'],
      parameters: operation.parameters,
      example: operation.requestBody?.content['application/json'].example,
    })),
  );
}

/** What is sent, in the form in which a failure names it. */
interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND'];
const MEDIA_TYPES = [
  'text/plain',
  'application/json; charset=utf-16',
  'application/json; charset=utf-8',
  'multipart/form-data; boundary=x',
  'application/x-www-form-urlencoded',
  'APPLICATION/JSON',
  ';',
];

function chance(random: SeededRandom, probability: number): boolean {
  return random.chance(probability);
}

/** In a header or address no program of ours can send everything; what a client library lets through is sent. */
function printable(text: string, most: number): string {
  return text.replace(/[^\x20-\x7e]/gu, '~').slice(0, most);
}

function pathOf(random: SeededRandom, { template, parameters }: Operation): string {
  let path = template;
  for (const { in: where, name, schema } of parameters) {
    if (where !== 'path') continue;
    const example = schema.examples?.[0] ?? 'x';
    const value = chance(random, 0.7)
      ? example
      : chance(random, 0.5)
        ? spoiltText(random, example)
        : hostileText(random);
    path = path.replace(`{${name}}`, encodeURIComponent(value.toWellFormed()).slice(0, 2_000) || 'x');
  }
  if (chance(random, 0.05)) path = printable(spoiltText(random, path), 4_000).replaceAll(/[ #?\\]/g, '%');
  const query = parameters
    .filter(({ in: where }) => where === 'query' && chance(random, 0.5))
    .map(({ name, schema }) => {
      const value = chance(random, 0.4) ? (schema.examples?.[0] ?? '1') : hostileText(random);
      return `${name}=${encodeURIComponent(value.toWellFormed().slice(0, 3_000))}`;
    });
  if (chance(random, 0.1)) query.push(...query, '__proto__[x]=1', 'limit=1&limit=2', '%zz');
  return `${path.startsWith('/') ? path : `/${path}`}${query.length === 0 ? '' : `?${query.join('&')}`}`;
}

function bodyOf(random: SeededRandom, example: unknown): Buffer {
  const dice = random.next();
  const value = dice < 0.15 ? example : dice < 0.85 ? spoiltJson(random, example) : hostileValue(random);
  const text = JSON.stringify(value ?? null);
  if (chance(random, 0.06)) return Buffer.from(`{"__proto__": {"polluted": true}, "constructor": ${text}}`);
  if (chance(random, 0.06)) return Buffer.from(text.replace('{', '{"label":"a","label":"b",'));
  if (chance(random, 0.04)) return Buffer.from('['.repeat(50_000));
  if (chance(random, 0.02)) return Buffer.alloc(3 * 1024 * 1024, 0x20);
  return chance(random, 0.12) ? spoiltBytes(random, Buffer.from(text)) : Buffer.from(text);
}

function headersOf(random: SeededRandom): Record<string, string> {
  const headers: Record<string, string> = {
    'idempotency-key': chance(random, 0.9) ? randomUUID() : printable(hostileText(random), 300),
    'if-match': chance(random, 0.5) ? '"v1"' : printable(hostileText(random), 300),
    'content-type': chance(random, 0.9) ? 'application/json' : random.pick(MEDIA_TYPES),
  };
  if (chance(random, 0.05)) headers['authorization'] = `Bearer ${printable(hostileText(random), 500)}`;
  if (chance(random, 0.05)) headers['origin'] = 'https://evil.example';
  if (chance(random, 0.05)) headers['x-request-id'] = printable(hostileText(random), 500);
  if (chance(random, 0.05))
    headers['cookie'] = `__Host-trilock=${printable(hostileText(random), 500).replaceAll(/[;,]/g, '')}`;
  if (chance(random, 0.03)) headers['content-encoding'] = random.pick(['gzip', 'br', 'x']);
  return headers;
}

function aim(random: SeededRandom, operation: Operation): Shot {
  const method = chance(random, 0.92) ? operation.method : random.pick(METHODS);
  const hasBody = !['GET', 'HEAD'].includes(method) && chance(random, 0.95);
  const headers = headersOf(random);
  if (!hasBody) delete headers['content-type'];
  const body = hasBody ? bodyOf(random, operation.example) : undefined;
  return { method, path: pathOf(random, operation), headers, body };
}

/** Everybody whom the API knows, signed in again when an operation has ended the session. */
export class Callers {
  readonly #bank: Bank;
  readonly #by = new Map<string, { caller: Caller; renew: () => Promise<unknown> }>();

  private constructor(bank: Bank) {
    this.#bank = bank;
  }

  static async of(bank: Bank): Promise<Callers> {
    const callers = new Callers(bank);
    await callers.#join('customer');
    for (const role of STAFF_ROLES) await callers.#join(role);
    const customer = callers.#by.get('customer')!.caller;
    const wish = { label: 'All', scopes: SCOPES, password: PASSWORD };
    const key = new Caller(bank);
    key.apiKey = (await customer.send('POST', '/v1/api-keys', wish)).body['key'] as string;
    callers.#by.set('integrator', { caller: key, renew: () => Promise.resolve() });
    return callers;
  }

  async #join(role: string): Promise<void> {
    if (role === 'customer') {
      const { caller, email } = await newCustomer(this.#bank);
      this.#by.set(role, { caller, renew: () => caller.signIn(email) });
    } else {
      const { caller, email } = await newStaff(this.#bank, role as (typeof STAFF_ROLES)[number]);
      this.#by.set(role, { caller, renew: () => caller.signIn(email, '/v1/staff/sessions') });
    }
  }

  /** Somebody who may call the operation, as a rule. */
  for(random: SeededRandom, { access }: Operation): { readonly role: string; readonly caller: Caller } {
    const allowed = access === 'public' ? [] : access.filter((role) => this.#by.has(role));
    const role = allowed.length > 0 && chance(random, 0.9) ? random.pick(allowed) : 'anonymous';
    return { role, caller: this.#by.get(role)?.caller ?? new Caller(this.#bank) };
  }

  /** A new person in place of one who has lost password or session to a shot. */
  async renew(role: string): Promise<void> {
    if (role !== 'anonymous' && role !== 'integrator') await this.#join(role);
  }
}

export interface ApiFuzzReport {
  readonly shots: number;
  readonly succeeded: number;
  readonly codes: ReadonlySet<string>;
}

async function shoot(bank: Bank, caller: Caller, shot: Shot): Promise<Response> {
  const { apiKey, cookie, csrfToken } = caller;
  return await fetch(`${bank.url}${shot.path}`, {
    method: shot.method,
    redirect: 'manual',
    headers: {
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      ...(cookie === undefined ? {} : { cookie }),
      ...(csrfToken === undefined ? {} : { 'x-csrf-token': csrfToken }),
      'x-forwarded-for': caller.address,
      ...shot.headers,
    },
    ...(shot.body === undefined ? {} : { body: shot.body as Uint8Array<ArrayBuffer> }),
  });
}

/** Outside parts are down at this bank, and what needs them says so. */
const AWAY = new Set(['ledger_unreachable', 'node_unreachable', 'manifest_not_signed']);

async function judge(operation: Operation, shot: Shot, response: Response): Promise<string | undefined> {
  const text = await response.text();
  if (response.status < 400) return undefined;
  const where = `${shot.method} ${shot.path.slice(0, 200)} (${operation.operationId}): ${response.status} ${text.slice(0, 400)}`;
  if (shot.method === 'HEAD') return response.status < 500 ? undefined : fail(where);
  const problem = JSON.parse(text) as { code?: unknown; status?: unknown };
  const { code } = problem;
  if (typeof code !== 'string' || !Object.hasOwn(errorMap, code)) fail(where);
  if (response.status >= 500 && !AWAY.has(code)) fail(where);
  return code;
}

function fail(where: string): never {
  throw new Error(where);
}

/** Shoots at every operation with every seed; names seed and operation of what is answered otherwise than it must. */
export async function fuzzApi(bank: Bank, first: number, perOperation: number): Promise<ApiFuzzReport> {
  const operations = operationsOf(bank.api.document);
  const callers = await Callers.of(bank);
  const codes = new Set<string>();
  let [shots, succeeded] = [0, 0];
  for (let seed = first; seed < first + perOperation; seed++) {
    for (const [index, operation] of operations.entries()) {
      const random = new SeededRandom(seed * 1_000 + index);
      const { role, caller } = callers.for(random, operation);
      const shot = aim(random, operation);
      const response = await shoot(bank, caller, shot);
      shots++;
      try {
        const code = await judge(operation, shot, response);
        if (code === undefined) succeeded++;
        else codes.add(code);
        const isOwn = shot.headers['cookie'] === undefined && shot.headers['authorization'] === undefined;
        const isLost = isOwn && code === 'authentication_required';
        const isReplaced = code === undefined && response.headers.getSetCookie().length > 0;
        if (isLost || isReplaced) await callers.renew(role);
      } catch (cause) {
        throw new Error(`seed ${seed}, as ${role}`, { cause });
      }
      if (({} as { polluted?: unknown }).polluted !== undefined)
        throw new Error(`seed ${seed} polluted a prototype`);
    }
  }
  return { shots, succeeded, codes };
}
