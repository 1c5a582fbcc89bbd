import { expect, test } from 'vitest';
import { z } from 'zod';
import { allow, publicAccess } from '../../src/http/access-contract.ts';
import { handle, httpErrorMap, type BoundOperation } from '../../src/http/index.ts';
import { idField, lineField, satoshisField, timeField } from '../../src/http/fields-contract.ts';
import { defineOperation, type OperationShape } from '../../src/http/operation-contract.ts';
import { checkRouteTable } from '../../src/http/route-table.ts';
import { newId } from '../../src/shared/index.ts';
import { serveApi } from './support/serve.ts';

const good = defineOperation({
  method: 'get',
  path: '/v1/things/{thingId}',
  operationId: 'getThing',
  tag: 'test',
  summary: 'One thing',
  access: allow(['auditor']),
  params: z.strictObject({ thingId: z.string() }),
  responses: { 200: { description: 'It', body: z.object({}) } },
  errors: [],
});

function bound(change: Partial<OperationShape>): BoundOperation {
  return {
    ...handle(good, () => Promise.resolve({ status: 200, body: {} })),
    operation: { ...good, ...change },
  };
}

test('the table takes what is complete', () => {
  expect(() => checkRouteTable([bound({})], httpErrorMap)).not.toThrow();
});

test.each<[string, Partial<OperationShape>]>([
  ['no access rule', { access: undefined as never }],
  ['no role', { access: { kind: 'roles', roles: [] as never } }],
  ['no reason for being public', { access: publicAccess('') }],
  ['no idempotency rule for a POST', { method: 'post' }],
  ['an idempotency rule for a GET', { idempotency: 'handler' }],
  ['a keyed rule with a plain handler', { method: 'post', idempotency: 'key' }],
  ['a body for a GET', { body: z.strictObject({}) }],
  ['a parameter that the path lacks', { path: '/v1/things' }],
  ['an error code without an entry', { errors: ['never_heard_of'] }],
])('an operation with %s does not start', (_what, change) => {
  expect(() => checkRouteTable([bound(change)], httpErrorMap)).toThrow(/getThing/);
});

test('two operations on one route, or of one name, do not start', () => {
  const twin = bound({
    operationId: 'other',
    path: '/v1/things/{otherId}',
    params: z.strictObject({ otherId: z.string() }),
  });
  expect(() => checkRouteTable([bound({}), twin], httpErrorMap)).toThrow(/two operations serve/);
  expect(() => checkRouteTable([bound({}), bound({ path: '/v2/things/{thingId}' })], httpErrorMap)).toThrow(
    /called/,
  );
});

test('operations with roles do not start without an authenticator', async () => {
  await expect(serveApi({ operations: [bound({})] })).rejects.toThrow(/authenticator/);
});

test('fields read wire values into domain values and back, and refuse the rest', () => {
  const schema = z.strictObject({
    id: idField('wallet'),
    amount: satoshisField,
    at: timeField,
    name: lineField(9),
  });
  const wire = { id: newId('wallet'), amount: '150000', at: '2026-01-31T12:00:00.000Z', name: 'x y' };
  const value = z.parse(schema, wire);
  expect(value).toEqual({ ...wire, amount: 150_000n, at: new Date(wire.at) });
  expect(z.encode(schema, value)).toEqual(wire);
  const wrong = { id: newId('customer'), amount: '1.5', at: 'yesterday', name: ' x\u0007' };
  const paths = z.safeParse(schema, wrong).error?.issues.map(({ path }) => path[0]);
  expect(new Set(paths)).toEqual(new Set(['id', 'amount', 'at', 'name']));
});
