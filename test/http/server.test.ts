import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { publicAccess } from '../../src/http/access-contract.ts';
import { createLog, handle, type BoundOperation } from '../../src/http/index.ts';
import { defineOperation } from '../../src/http/operation-contract.ts';
import { serveApi } from './support/serve.ts';

const echo = defineOperation({
  method: 'put',
  path: '/v1/echo',
  operationId: 'echo',
  tag: 'test',
  summary: 'Says it back',
  access: publicAccess('a test'),
  body: z.strictObject({ text: z.string() }),
  responses: { 200: { description: 'Said', body: z.object({ text: z.string() }) } },
  errors: [],
});

const echoing = handle(echo, ({ body }) => Promise.resolve({ status: 200, body }));

/** An operation that answers when told. */
function waiting(): { operation: BoundOperation; entered: Promise<void>; finish: () => void } {
  let finish: () => void = () => undefined;
  let enter: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const entered = new Promise<void>((resolve) => (enter = resolve));
  const contract = {
    ...echo,
    method: 'get',
    path: '/v1/wait',
    operationId: 'wait',
    body: undefined,
  } as const;
  const { body: _body, ...wait } = contract;
  const operation = handle(defineOperation(wait), async () => {
    enter();
    await finished;
    return { status: 200, body: { text: 'waited' } };
  });
  return { operation, entered, finish };
}

/** Sends bytes as they are and collects what comes back until the connection ends. */
async function raw(url: string, ...parts: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
  for (const part of parts) socket.write(part);
  await closed;
  return Buffer.concat(chunks).toString('utf8');
}

test('slowloris: headers or a body that trickle in are cut off', async () => {
  const timeouts = { headersTimeoutMs: 200, requestTimeoutMs: 400, timeoutCheckIntervalMs: 50 };
  const { url } = await serveApi({ operations: [echoing] }, timeouts);
  expect(await raw(url, 'GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ')).toMatch(/^HTTP\/1\.1 408 /);
  const body =
    'PUT /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{';
  expect(await raw(url, body)).toMatch(/^HTTP\/1\.1 4\d\d /);
});

test.each([
  [
    'both lengths',
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n',
  ],
  ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\n{"a":1'],
  ['a bare line feed', 'X: a\nY: b\n\n'],
  ['a folded header', 'X: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
  ['a space before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
])('request smuggling by %s is refused by the parser, and one answer is given', async (_what, rest) => {
  const { url } = await serveApi({ operations: [echoing] });
  const answer = await raw(url, `PUT /v1/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${rest}`);
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(answer).not.toContain('HTTP/1.1 200');
});

test('oversize headers are refused', async () => {
  const { url } = await serveApi();
  expect(await raw(url, `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
});

test('an oversize body gets its answer at once, declared or not', async () => {
  const { url } = await serveApi({ operations: [echoing] });
  const tenMegabytes = JSON.stringify({ text: 'x'.repeat(10_000_000) });
  const declared = await fetch(`${url}/v1/echo`, {
    method: 'PUT',
    body: tenMegabytes,
    headers: { 'content-type': 'application/json' },
  });
  expect(declared.status).toBe(413);
  const head =
    'PUT /v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const chunked = await raw(url, head, ...Array.from({ length: 6 }, () => chunk), '0\r\n\r\n');
  expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
  expect(chunked).toContain('body_too_large');
});

test('a stop lets the request in flight end, refuses new ones, and is over then', async () => {
  const wait = waiting();
  const { url, api, server } = await serveApi({ operations: [wait.operation] });
  const inFlight = fetch(`${url}/v1/wait`);
  await wait.entered;
  api.drain();
  const stopped = server.stop(10_000);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  wait.finish();
  const response = await inFlight;
  expect(response.status).toBe(200);
  await stopped;
});

test('a stop does not wait for ever', async () => {
  const wait = waiting();
  const { url, server } = await serveApi({ operations: [wait.operation] });
  const inFlight = fetch(`${url}/v1/wait`).catch(() => 'cut');
  await wait.entered;
  await server.stop(100);
  expect(await inFlight).toBe('cut');
  wait.finish();
});

test('an answer that takes too long is given up with 503, and the late one is thrown away', async () => {
  const wait = waiting();
  const { url } = await serveApi({ operations: [wait.operation], handlerTimeoutMs: 50 });
  const response = await fetch(`${url}/v1/wait`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'timed_out', retryable: true });
  wait.finish();
  await sleep(20);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('what a handler throws stays inside: no message, no stack, and the log has no data of it', async () => {
  const secret = 'tlk_very_secret_token';
  const failing = handle(echo, ({ body }) => Promise.reject(new Error(`cannot store ${body.text}`)));
  const { url, logLines } = await serveApi({ operations: [failing] });
  const response = await fetch(`${url}/v1/echo?`, {
    method: 'PUT',
    body: JSON.stringify({ text: secret }),
    headers: { 'content-type': 'application/json', cookie: `other=${secret}` },
  });
  expect(response.status).toBe(500);
  const body = await response.text();
  expect(JSON.parse(body)).toMatchObject({
    code: 'internal_error',
    requestId: expect.stringMatching(/^req_/) as string,
  });
  expect(body).not.toMatch(/cannot store|server\.test/);
  await expect.poll(() => logLines.length).toBe(2);
  expect(logLines.join('')).not.toContain(secret);
  expect(logLines.join('')).not.toContain('cannot store');
  const { requestId } = JSON.parse(body) as { requestId: string };
  for (const line of logLines) expect(JSON.parse(line)).toMatchObject({ requestId });
});

test('a reply that does not fit its contract is an error of ours, and undeclared fields never leave', async () => {
  const leaky = handle(echo, ({ body }) =>
    Promise.resolve({ status: 200, body: { ...body, passwordHash: 'x' } }),
  );
  const { url } = await serveApi({ operations: [leaky] });
  const send = (text: string) =>
    fetch(`${url}/v1/echo`, {
      method: 'PUT',
      body: JSON.stringify({ text }),
      headers: { 'content-type': 'application/json' },
    });
  expect(await (await send('hello')).json()).toEqual({ text: 'hello' });
});

test('the log takes only the fields that are allowed, whatever it is handed', () => {
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  log.info('event', { status: 200, password: 'p', error: { token: 't' } } as never);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ status: 200, msg: 'event' });
  expect(lines[0]).not.toContain('"p"');
  expect(lines[0]).not.toContain('"t"');
});

test('request ids come from outside only where configured, and only well-formed ones', async () => {
  const given = 'req_01jd0000007000800000000000';
  const { url } = await serveApi({ requestIdHeader: 'X-Gateway-Request' });
  const ask = async (id: string) =>
    (await fetch(`${url}/healthz`, { headers: { 'x-gateway-request': id } })).headers.get('x-request-id');
  const own = (await ask('req_nonsense')) ?? '';
  expect(own).toMatch(/^req_[0-9a-z]{26}$/);
  expect(await ask(own)).toBe(own);
  expect(await ask(`${given} injected`)).not.toContain('injected');
});
