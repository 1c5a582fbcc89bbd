import { expect, test } from 'vitest';
import { serveApi } from './support/serve.ts';

test('/healthz answers through the kit with a request id of our own and strict headers', async () => {
  const { url } = await serveApi();
  const response = await fetch(`${url}/healthz`, { headers: { 'x-request-id': 'req_attacker' } });
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ok' });
  expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-z]{26}$/);
  expect(response.headers.get('content-security-policy')).toBe(
    "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  );
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.has('x-powered-by')).toBe(false);
});

test('/readyz names the dependency that fails, and refuses while draining', async () => {
  const { url, api } = await serveApi({
    readiness: { good: () => Promise.resolve(), bad: () => Promise.reject(new Error('secret detail')) },
  });
  const failing = await fetch(`${url}/readyz`);
  expect(failing.status).toBe(503);
  expect(await failing.json()).toEqual({ status: 'not_ready', checks: { good: 'ok', bad: 'failing' } });

  const healthy = await serveApi({ readiness: { good: () => Promise.resolve() } });
  expect((await fetch(`${healthy.url}/readyz`)).status).toBe(200);
  healthy.api.drain();
  expect((await fetch(`${healthy.url}/readyz`)).status).toBe(503);
  expect(api.isDraining()).toBe(false);
});

test.each([
  ['GET', '/nothing', 404, 'route_unknown'],
  ['GET', '/healthz/', 404, 'route_unknown'],
  ['GET', '/HEALTHZ', 404, 'route_unknown'],
  ['DELETE', '/healthz', 405, 'method_not_allowed'],
  ['OPTIONS', '/healthz', 405, 'method_not_allowed'],
  ['GET', '/%ff', 404, 'route_unknown'],
  ['GET', '/healthz?unknown=1', 422, 'request_invalid'],
  ['GET', '/healthz?a=1&a=2', 400, 'request_malformed'],
])('%s %s is refused with problem details', async (method, path, status, code) => {
  const { url } = await serveApi();
  const response = await fetch(`${url}${path}`, { method });
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(await response.json()).toMatchObject({
    type: `urn:trilock:problem:${code}`,
    status,
    code,
    requestId: response.headers.get('x-request-id'),
  });
  if (status === 405) expect(response.headers.get('allow')).toBe('GET, HEAD');
});

test('the document describes every mounted operation in OpenAPI 3.1', async () => {
  const { url } = await serveApi();
  const document = (await (await fetch(`${url}/v1/openapi.json`)).json()) as Record<string, never>;
  expect(document).toMatchObject({
    openapi: '3.1.0',
    paths: {
      '/healthz': {
        get: {
          operationId: 'getHealth',
          responses: {
            200: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Health' } } } },
          },
        },
      },
    },
    components: { schemas: { Health: { type: 'object' }, Problem: { type: 'object' } } },
  });
});
