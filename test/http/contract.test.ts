// Walks the OpenAPI document of the composed API: every route as every kind of caller, and with every kind of
// broken request. Nothing is named here, so a new operation is covered on the day it is mounted.
import { beforeAll, expect, test } from 'vitest';
import { ROLES, SCOPES, STAFF_ROLES } from '../../src/http/access-contract.ts';
import { Caller, PASSWORD, newCustomer, newStaff, useBank, type Answer } from '../identity/support/bank.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly access: 'public' | readonly string[];
  readonly scope: string | undefined;
  readonly idempotency: unknown;
  readonly example: Readonly<Record<string, unknown>> | undefined;
  readonly hasBody: boolean;
  readonly statuses: readonly number[];
}

interface DocumentOperation {
  readonly operationId: string;
  readonly responses: Record<string, unknown>;
  readonly security: readonly Record<string, readonly string[]>[];
  readonly requestBody?: { content: { 'application/json': { example?: Record<string, unknown> } } };
  readonly parameters: readonly { in: string; name: string; schema: { examples?: readonly string[] } }[];
  readonly 'x-trilock-access': 'public' | readonly string[];
  readonly 'x-trilock-idempotency': unknown;
}

// The walk makes its own customer lock the account, and goes on.
const bank = useBank({ guarded: false });
const callers = new Map<string, Caller>();
let operations: readonly Operation[];
/** Signs the caller of that name in again. */
const renew = new Map<string, () => Promise<unknown>>();

const REFUSED_CALLERS = ['authentication_required', 'forbidden', 'scope_missing'];

function read(document: Readonly<Record<string, unknown>>): Operation[] {
  const paths = document['paths'] as Record<string, Record<string, DocumentOperation>>;
  return Object.entries(paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const path = operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .reduce((text, { name, schema }) => text.replace(`{${name}}`, schema.examples?.[0] ?? ''), template);
      const content = operation.requestBody?.content['application/json'];
      return {
        method: method.toUpperCase(),
        path,
        operationId: operation.operationId,
        access: operation['x-trilock-access'],
        scope: operation.security.find((rule) => 'apiKey' in rule)?.['apiKey']?.[0],
        idempotency: operation['x-trilock-idempotency'],
        example: content?.example,
        hasBody: content !== undefined,
        statuses: Object.keys(operation.responses).map(Number),
      };
    }),
  );
}

beforeAll(async () => {
  operations = read(bank().api.document);
  callers.set('anonymous', new Caller(bank()));
  const customer = await newCustomer(bank());
  callers.set('customer', customer.caller);
  renew.set('customer', () => customer.caller.signIn(customer.email));
  for (const role of STAFF_ROLES) {
    const staff = await newStaff(bank(), role);
    callers.set(role, staff.caller);
    renew.set(role, () => staff.caller.signIn(staff.email, '/v1/staff/sessions'));
  }
  const wish = { label: 'All', scopes: SCOPES, password: PASSWORD };
  const ownKey = new Caller(bank());
  ownKey.apiKey = (await customer.caller.send('POST', '/v1/api-keys', wish)).body['key'] as string;
  callers.set('customer by key', ownKey);
  const admin = callers.get('admin')!;
  const { body } = await admin.send('POST', '/v1/integrators', { name: 'Contract suite' });
  const made = await admin.send('POST', `/v1/integrators/${body['id'] as string}/api-keys`, wish);
  const integrator = new Caller(bank());
  integrator.apiKey = made.body['key'] as string;
  callers.set('integrator by key', integrator);
});

function callerAllowedBy(operation: Operation): string {
  if (operation.access === 'public') return 'anonymous';
  const role = operation.access.find((name) => callers.has(name));
  return role ?? 'integrator by key';
}

function isAllowed(operation: Operation, name: string): boolean {
  if (operation.access === 'public') return true;
  const [role = ''] = name.split(' by ');
  const byKey = name.endsWith('by key');
  return operation.access.includes(role) && (!byKey || operation.scope !== undefined);
}

/** Every answer is declared, is no failure of ours, and every refusal is a problem with its request id. */
function checkAnswer(operation: Operation, answer: Answer): void {
  const what = `${operation.operationId} answered ${answer.status} ${String(answer.body['code'])}`;
  // This bank has no ledger, and what needs one says so.
  const isLedgerAway = answer.status === 503 && answer.body['code'] === 'ledger_unreachable';
  if (!isLedgerAway) expect(answer.status, what).toBeLessThan(500);
  if (answer.status >= 400) {
    expect(answer.headers.get('content-type'), what).toBe('application/problem+json; charset=utf-8');
    expect(answer.body['status'], what).toBe(answer.status);
    expect(answer.headers.get('x-request-id'), what).toMatch(/^req_/);
  }
  expect(operation.statuses, what).toContain(answer.status);
}

async function send(
  operation: Operation,
  name: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await callers
    .get(name)!
    .send(operation.method, operation.path, operation.example, { 'if-match': '"v99"', ...headers });
  // The operation ended or replaced the session of its caller.
  if (answer.status < 300 && answer.headers.getSetCookie().length > 0) await renew.get(name)?.();
  return answer;
}

async function sendRaw(
  operation: Operation,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const caller = callers.get(callerAllowedBy(operation))!;
  const response = await fetch(`${bank().url}${operation.path}`, {
    method: operation.method,
    body,
    headers: {
      'content-type': 'application/json',
      'if-match': '"v99"',
      ...(operation.method === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
      ...(caller.cookie === undefined ? {} : { cookie: caller.cookie }),
      ...(caller.csrfToken === undefined ? {} : { 'x-csrf-token': caller.csrfToken }),
      ...(caller.apiKey === undefined ? {} : { authorization: `Bearer ${caller.apiKey}` }),
      ...headers,
    },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>,
  };
}

test('the document has operations, names them once, and gives an example for every body', () => {
  expect(operations.length).toBeGreaterThan(20);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const operation of operations) {
    if (operation.hasBody) expect(operation.example, operation.operationId).toBeDefined();
    if (operation.access !== 'public') {
      for (const role of operation.access) expect(ROLES).toContain(role);
    }
  }
});

test('every route × every caller: allowed or refused as the table says', async () => {
  for (const operation of operations) {
    const answers = await Promise.all(
      [...callers.keys()].map(async (name) => [name, await send(operation, name)] as const),
    );
    for (const [name, answer] of answers) {
      const what = `${operation.operationId} as ${name}: ${answer.status} ${String(answer.body['code'])}`;
      const refused = REFUSED_CALLERS.includes(String(answer.body['code']));
      expect(refused, what).toBe(!isAllowed(operation, name));
      if (refused) expect(answer.status, what).toBe(name === 'anonymous' ? 401 : 403);
      checkAnswer(operation, answer);
    }
  }
});

test('every change under a session is refused without its CSRF token', async () => {
  for (const operation of operations) {
    const name = callerAllowedBy(operation);
    if (operation.access === 'public' || operation.method === 'GET' || name.endsWith('key')) continue;
    const answer = await send(operation, name, { 'x-csrf-token': 'AAAA' });
    expect(answer, operation.operationId).toMatchObject({
      status: 403,
      body: { code: 'csrf_token_invalid' },
    });
  }
});

test('every POST says how it is kept from acting twice, and the keyed ones insist on a key', async () => {
  for (const operation of operations.filter(({ method }) => method === 'POST')) {
    expect(operation.idempotency, operation.operationId).not.toBeNull();
    if (typeof operation.idempotency !== 'string') continue;
    const name = callerAllowedBy(operation);
    const missing = await send(operation, name, { 'idempotency-key': '' });
    expect(missing, operation.operationId).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_missing' },
    });
    const malformed = await send(operation, name, { 'idempotency-key': 'short' });
    expect(malformed).toMatchObject({ status: 400, body: { code: 'idempotency_key_malformed' } });
    const header = { 'idempotency-key': crypto.randomUUID() };
    const first = await send(operation, name, header);
    const second = await send(operation, name, header);
    checkAnswer(operation, first);
    expect(second.status).toBe(first.status);
    expect(second.headers.get('idempotency-replayed'), operation.operationId).toBe('true');
    const other = await sendRaw(
      operation,
      JSON.stringify({ ...operation.example, label: 'x', name: 'x' }),
      header,
    );
    expect([400, 422]).toContain(other.status);
  }
});

test('every body that is broken is refused by name', async () => {
  for (const operation of operations.filter(({ hasBody }) => hasBody)) {
    const good = JSON.stringify(operation.example);
    const [firstKey = ''] = Object.keys(operation.example ?? {});
    const broken: [string, string | Uint8Array, number, Record<string, string>?][] = [
      ['truncated', good.slice(0, -1), 400],
      ['duplicate key', `${good.slice(0, -1)},"${firstKey}":1}`, 400],
      ['deep', `{"${firstKey}":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 400],
      ['ten megabytes', JSON.stringify({ [firstKey]: 'x'.repeat(10_000_000) }), 413],
      ['not UTF-8', Buffer.from(good.replace('"', '"\u00ff'), 'latin1'), 400],
      ['empty', '', 400],
      ['form', 'a=b', 415, { 'content-type': 'application/x-www-form-urlencoded' }],
      ['text', good, 415, { 'content-type': 'text/plain' }],
      ['compressed', good, 415, { 'content-encoding': 'gzip' }],
      ['other charset', good, 415, { 'content-type': 'application/json; charset=utf-16' }],
      ['array', '[]', 422],
      ['null', 'null', 422],
      ['number', '1', 422],
      ['unknown field', `${good.slice(0, -1)},"unknownField":1}`, 422],
      ['NUL', good.replace(/:"/, ':"\\u0000'), 400],
    ];
    for (const [what, body, status, headers] of broken) {
      const answer = await sendRaw(operation, body, headers);
      expect(answer.status, `${operation.operationId}: ${what}: ${String(answer.body['code'])}`).toBe(status);
    }
  }
});

test('every field of every body with every wrong type is refused, never a failure', async () => {
  const wrong = [
    null,
    0,
    -1,
    1.5,
    true,
    '',
    [],
    {},
    [[]],
    'x'.repeat(5_000),
    '\u202e',
    "'; DROP TABLE app.staff; --",
  ];
  for (const operation of operations.filter(({ hasBody }) => hasBody)) {
    for (const field of Object.keys(operation.example ?? {})) {
      for (const value of wrong) {
        const caller = callerAllowedBy(operation);
        // Real guesses at a password are throttled; these are about types.
        if (typeof value === 'string' && value !== '' && /password/i.test(field)) continue;
        const changed = { ...operation, example: { ...operation.example, [field]: value } };
        checkAnswer(changed, await send(changed, caller));
      }
    }
  }
});

test('a body where none belongs, an unknown query and a broken path are refused', async () => {
  for (const operation of operations) {
    const caller = callers.get(callerAllowedBy(operation))!;
    const query = await caller.send(operation.method, `${operation.path}?unknown=1`, operation.example, {
      'if-match': '"v99"',
    });
    expect(query, operation.operationId).toMatchObject({ status: 422, body: { code: 'request_invalid' } });
    if (!operation.hasBody && operation.method !== 'GET') {
      expect((await sendRaw(operation, '{}')).body['code']).toBe('request_malformed');
    }
    if (/_[0-9a-z]{26}/.test(operation.path)) {
      for (const bad of ['x', '%00', '%ff', '..%2f..%2fetc', "'", 'cus_'.padEnd(400, '0')]) {
        const path = operation.path.replace(/[a-z]+_[0-9a-z]{26}/, bad);
        const answer = await caller.send(operation.method, path, operation.example, {
          'if-match': '"v99"',
        });
        expect([400, 404, 422], `${operation.operationId} ${bad}`).toContain(answer.status);
      }
    }
  }
});

test('after all of this, no log line holds a password, a token or a key', () => {
  const secrets = [
    PASSWORD,
    'correct horse',
    ...[...callers.values()].flatMap(({ cookie, apiKey, csrfToken }) => [
      cookie?.split('=')[1],
      apiKey,
      csrfToken,
    ]),
  ];
  const log = bank().logLines.join('');
  expect(log.length).toBeGreaterThan(10_000);
  for (const secret of secrets) if (secret !== undefined) expect(log).not.toContain(secret);
  const failures = bank().logLines.filter(
    (line) => line.includes('"request failed"') && !line.includes('"ledger_unreachable"'),
  );
  expect(failures).toEqual([]);
});
