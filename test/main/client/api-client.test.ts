// What a stranger at the address of the API could do to whoever talks to it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { ApiClient, type Credentials } from '../../../src/main/client/api-client.ts';
import { clean, table } from '../../../src/main/client/output.ts';
import { keepSession, readSession } from '../../../src/main/client/session-file.ts';
import { createTransfer, getTransfer } from '../../../src/transfers/transfer-contract.ts';

const TRANSFER = 'tr_01jd1f0v00e008000000000001';
const SESSION: Credentials = { kind: 'session', cookie: 'a=b', csrfToken: 'token' };
const WISH = { body: { recipient: 'cus_01jd1f0v00e008000000000001', amountSats: '1' } };
const ANSWER = JSON.stringify({
  id: TRANSFER,
  direction: 'sent',
  counterparty: WISH.body.recipient,
  amountSats: '1',
  memo: null,
  completedAt: '2026-01-31T12:00:00.000Z',
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function read(url: string) {
  return new ApiClient({ url, credentials: SESSION }).call(getTransfer, { params: { transferId: TRANSFER } });
}

it('sends secrets to https or to this machine alone', () => {
  const open = (url: string) => new ApiClient({ url, credentials: SESSION });
  for (const url of ['http://bank.example', 'http://127.0.0.1.evil.example', 'ftp://127.0.0.1']) {
    expect(() => open(url)).toThrow(/neither https nor this machine|not sent/);
  }
  for (const url of ['https://bank.example', 'http://localhost:1', 'http://[::1]:1']) open(url);
});

it('follows no redirect with what it carries', async () => {
  const seen: string[] = [];
  const thief = await serve((request, response) => {
    seen.push(request.headers.cookie ?? '');
    response.end(ANSWER);
  });
  const url = await serve((_request, response) => {
    response.writeHead(307, { location: `${thief}/v1/transfers/x` }).end();
  });
  await expect(read(url)).rejects.toMatchObject({ code: 'api_strange' });
  expect(seen).toEqual([]);
});

it.each<[string, number, string]>([
  ['nonsense', 200, '<html>hello</html>'],
  ['a document of another form', 200, '{"id": 7}'],
  ['a status that is not declared', 202, ANSWER],
  ['a refusal that is no problem', 404, 'not found'],
])('is not taken in by %s', async (_what, status, body) => {
  const url = await serve((_request, response) => response.writeHead(status).end(body));
  await expect(read(url)).rejects.toMatchObject({ code: 'api_strange' });
});

it('reads no endless answer', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
  await expect(read(url)).rejects.toMatchObject({ code: 'api_strange' });
});

it('repeats a change whose answer was lost under the same key, and one that is put off', async () => {
  const keys: unknown[] = [];
  const url = await serve((request, response) => {
    keys.push(request.headers['idempotency-key']);
    if (keys.length === 1) request.socket.destroy();
    else response.writeHead(201).end(ANSWER);
  });
  const api = new ApiClient({ url, credentials: SESSION });
  expect(await api.call(createTransfer, WISH)).toMatchObject({ id: TRANSFER });
  expect(keys).toEqual([api.idempotencyKey, api.idempotencyKey]);
});

it('says with which key to ask again when it gives up', async () => {
  const url = await serve((request) => request.socket.destroy());
  const api = new ApiClient({ url, credentials: SESSION, idempotencyKey: 'key-of-an-earlier-run' });
  await expect(api.call(createTransfer, WISH)).rejects.toMatchObject({
    code: 'api_away',
    message: expect.stringContaining('--idempotency-key key-of-an-earlier-run') as string,
  });
});

it('tells a slip before it asks anybody', async () => {
  const api = new ApiClient({ url: 'http://127.0.0.1:1', credentials: SESSION });
  const slip = { body: { ...WISH.body, amountSats: '1.5' } };
  await expect(api.call(createTransfer, slip)).rejects.toMatchObject({ code: 'config_invalid' });
  const path = { params: { transferId: '../sessions/current' } };
  await expect(api.call(getTransfer, path)).rejects.toMatchObject({ code: 'config_invalid' });
});

it('shows no text of others that could move a terminal’s cursor or turn its writing', () => {
  const memo = 'rent\u001b[2J\u001b[1;1H\r\nBALANCE \u202e0000\u2066';
  expect(clean(memo)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  expect(table(['memo'], [[memo]])).toHaveLength(2);
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trilock-session-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const STORED = {
  url: 'https://bank.example',
  cookie: '__Host-trilock_session=token',
  csrfToken: 'csrf',
  id: 'cus_01jd1f0v00e008000000000001',
  displayName: 'Ada',
  expiresAt: '2026-01-31T12:00:00.000Z',
};

it('keeps a session for its owner alone, replaces it whole, and refuses one that others can read', async () => {
  const path = join(folder, 'below', 'session.json');
  expect(await readSession(path)).toBeUndefined();
  await keepSession(path, STORED);
  await keepSession(path, { ...STORED, displayName: 'Ada King' });
  expect(await readSession(path)).toEqual({ ...STORED, displayName: 'Ada King' });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readFile(path, 'utf8')).toContain('token');
  const open = join(folder, 'open.json');
  await writeFile(open, JSON.stringify(STORED), { mode: 0o644 });
  await expect(readSession(open)).rejects.toMatchObject({ code: 'file_too_open' });
  await writeFile(join(folder, 'other.json'), '{"url": 1}', { mode: 0o600 });
  await expect(readSession(join(folder, 'other.json'))).rejects.toMatchObject({ code: 'config_invalid' });
});
