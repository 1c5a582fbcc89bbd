import type { LookupAddress } from 'node:dns';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { sendWebhook } from '../../../src/events/webhooks/send-webhook.ts';
import { startReceiver, status, type Receiver } from './receiver.ts';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.messages.length = 0;
  receiver.answer = status(204);
});
afterAll(() => receiver.close());

const sandbox = { allowLoopback: true };
const production = { allowLoopback: false };
const leadsTo =
  (...addresses: string[]) =>
  (_name: string, done: (error: null, found: LookupAddress[]) => void): void =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

it('posts the bytes and the headers, and keeps the beginning of the answer', async () => {
  receiver.answer = (response) => void response.writeHead(200).end('thank you\u0000\u0007');
  const result = await sendWebhook(receiver.url, { 'webhook-id': 'evt_1' }, '{"a":1}', sandbox);
  expect(result).toEqual({ status: 200, failure: null, response: 'thank you' });
  expect(receiver.messages).toMatchObject([{ body: '{"a":1}', headers: { 'webhook-id': 'evt_1' } }]);
});

it('does not follow a redirect to a metadata service', async () => {
  receiver.answer = status(302, { location: 'http://169.254.169.254/latest/meta-data' });
  expect(await sendWebhook(receiver.url, {}, '{}', sandbox)).toMatchObject({ status: 302, failure: null });
  expect(receiver.messages).toHaveLength(1);
});

it.each([
  ['an address of this machine', 'https://127.0.0.1:1/', undefined],
  ['a name of this machine, by the system’s resolver', 'https://localhost:1/', undefined],
  ['a name that leads to a metadata service', 'https://innocent.example/', leadsTo('169.254.169.254')],
  [
    'a name with one public and one private address',
    'https://mixed.example/',
    leadsTo('8.8.8.8', '10.0.0.1'),
  ],
  ['a name with a mapped address', 'https://mapped.example/', leadsTo('::ffff:127.0.0.1')],
  ['no TLS', 'http://example.com/', leadsTo('8.8.8.8')],
])('sends nothing to %s', async (_name, url, resolve) => {
  const options = { ...production, ...(resolve === undefined ? {} : { resolve }) };
  expect(await sendWebhook(url, {}, '{}', options)).toMatchObject({
    status: null,
    failure: 'address_refused',
  });
});

it('connects to the very address that was checked, and asks once: a name that changes its mind gains nothing', async () => {
  let asked = 0;
  const resolve = (name: string, done: (error: null, found: LookupAddress[]) => void): void => {
    asked += 1;
    // First an allowed address where nobody listens, then the target of the attack.
    leadsTo(asked === 1 ? '127.0.0.2' : '10.0.0.1')(name, done);
  };
  const url = `http://rebinding.example:${receiver.port}/`;
  const result = await sendWebhook(url, {}, '{}', { ...sandbox, resolve, timeoutMs: 2_000 });
  expect([result.failure, asked]).toEqual(['connection_failed', 1]);
});

it('a name that nobody knows, and a port where nobody listens, are told apart', async () => {
  const unknown = (_name: string, done: (error: NodeJS.ErrnoException, found: []) => void): void =>
    done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
  const name = await sendWebhook('http://nobody.example/', {}, '{}', { ...sandbox, resolve: unknown });
  const port = await sendWebhook('http://127.0.0.1:1/', {}, '{}', sandbox);
  expect([name.failure, port.failure]).toEqual(['name_unknown', 'connection_failed']);
});

async function rawServer(onSocket: (socket: Socket) => void): Promise<{ server: Server; url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

it('cuts off a receiver that drips its headers', async () => {
  const { server, url } = await rawServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('x-drip: 1\r\n'), 20);
    socket.once('close', () => clearInterval(drip));
  });
  const result = await sendWebhook(url, {}, '{}', { ...sandbox, timeoutMs: 300 });
  expect(result).toEqual({ status: null, failure: 'timed_out', response: '' });
  server.close();
});

it('cuts off a receiver that drips its body, and keeps the status', async () => {
  receiver.answer = (response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(drip));
  };
  const result = await sendWebhook(receiver.url, {}, '{}', { ...sandbox, timeoutMs: 300 });
  expect(result).toMatchObject({ status: 200, failure: null });
});

it('reads no more than the beginning of a gigabyte', async () => {
  let sent = 0;
  receiver.answer = (response) => {
    const chunk = Buffer.alloc(65_536, 'a');
    response.writeHead(500, { 'content-length': String(2 ** 30) });
    const pour = (): void => {
      while (!response.destroyed && sent < 2 ** 30 && response.write(chunk)) sent += chunk.length;
    };
    response.on('drain', pour);
    pour();
  };
  const result = await sendWebhook(receiver.url, {}, '{}', sandbox);
  expect([result.status, result.response.length]).toEqual([500, 1_024]);
  expect(sent).toBeLessThan(2 ** 26);
});

it('headers without end are a failed connection', async () => {
  const { server, url } = await rawServer((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`);
  });
  expect(await sendWebhook(url, {}, '{}', sandbox)).toMatchObject({ failure: 'connection_failed' });
  server.close();
});
