import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isDatabaseAway } from '../../src/database/index.ts';
import {
  bootstrapDatabase,
  deployMigrations,
  LOGIN_ROLES,
  OWNER_ROLE,
  startEmbeddedServer,
  type EmbeddedServer,
} from '../../src/postgres/index.ts';
import {
  Caller,
  freshEmail,
  newCustomer,
  openBank,
  PASSWORD,
  type Answer,
  type Bank,
} from '../identity/support/bank.ts';
import { temporaryFolder } from '../postgres/embedded/scene.ts';
import type { TestDatabase } from '../postgres/test-database.ts';

let folder: { path: string; remove: () => Promise<void> };
let server: EmbeddedServer;
let bank: Bank & { close(): Promise<void> };
let ada: { caller: Caller; id: string };

/** A database on a server of its own, which this test may stop. */
function databaseOn({ config }: EmbeddedServer): TestDatabase {
  const as = (schema: 'app' | 'ledger' | 'signer') => ({
    ...config,
    user: LOGIN_ROLES[schema],
    password: 'only for tests',
  });
  return {
    name: config.database,
    superuser: config,
    owner: { ...config, role: OWNER_ROLE },
    app: as('app'),
    ledger: as('ledger'),
    signer: as('signer'),
    drop: () => Promise.resolve(),
  };
}

beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startEmbeddedServer({ directory: folder.path, durable: false });
  const password = 'only for tests';
  await bootstrapDatabase(server.config, {
    passwords: { app: password, ledger: password, signer: password },
  });
  await deployMigrations(server.config, 'app');
  bank = await openBank({ testDatabase: databaseOn(server) });
  ada = await newCustomer(bank);
});
afterAll(async () => {
  await bank.close();
  await server.stop();
  await folder.remove();
});

const again = () => startEmbeddedServer({ directory: folder.path, port: server.config.port, durable: false });

function expectAway(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.body).toMatchObject({ code: 'service_unavailable', status: 503, retryable: true });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  // Neither where the database is nor what was asked of it.
  expect(JSON.stringify(answer.body)).not.toMatch(/ECONN|127\.0\.0\.1|prisma|SELECT|postgres|terminat/i);
}

it('without its database every operation answers 503 and when to come back, and goes on when it is there again', async () => {
  const key = randomUUID();
  const wish = { email: freshEmail(), displayName: 'Ben', password: PASSWORD };
  const register = (): Promise<Answer> =>
    new Caller(bank).send('POST', '/v1/customers', wish, { 'idempotency-key': key });
  await server.stop();
  for (const path of ['/v1/me', '/v1/withdrawals', '/v1/deposits', '/v1/events', '/v1/wallets']) {
    expectAway(await ada.caller.send('GET', path));
  }
  expectAway(await ada.caller.send('POST', '/v1/transfers', { recipient: ada.id, amountSats: '1' }));
  expectAway(await ada.caller.send('DELETE', '/v1/sessions/current'));
  expectAway(await new Caller(bank).signIn('nobody@example.com'));
  expectAway(await register());
  expect((await ada.caller.send('GET', '/healthz')).status).toBe(200);
  server = await again();
  expect((await ada.caller.send('GET', '/v1/me')).status).toBe(200);
  expect((await register()).status).toBe(201);
});

it('killed in the middle of requests, it makes of each an answer or a 503, and of none two customers', async () => {
  const wishes = Array.from({ length: 12 }, () => ({ email: freshEmail(), key: randomUUID() }));
  const register = ({ email, key }: (typeof wishes)[number]): Promise<Answer> =>
    new Caller(bank).send(
      'POST',
      '/v1/customers',
      { email, displayName: 'Somebody', password: PASSWORD },
      { 'idempotency-key': key },
    );
  const answers = wishes.map(register);
  await Promise.race(answers);
  process.kill(server.pid, 'SIGKILL');
  for (const answer of await Promise.all(answers)) if (answer.status !== 201) expectAway(answer);
  await server.exited;
  server = await again();
  for (const wish of wishes) {
    const answer = await register(wish);
    // An attempt that was cut short keeps its key until its lease is over.
    if (answer.status === 201) continue;
    expect(answer.body).toMatchObject({ code: 'idempotency_key_in_progress', retryable: true });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  const emails = await bank.database.customer.findMany({ select: { email: true } });
  expect(new Set(emails.map(({ email }) => email)).size).toBe(emails.length);
});

it('without the ledger, what needs it answers 503 and when to come back, and the rest goes on', async () => {
  const balances = await ada.caller.send('GET', '/v1/balances');
  expect(balances).toMatchObject({ status: 503, body: { code: 'ledger_unreachable', retryable: true } });
  expect(Number(balances.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await ada.caller.send('GET', '/v1/me')).status).toBe(200);
});

it('knows a database that is away from a statement that is wrong', async () => {
  const wrong = await bank.pool.query('SELECT 1 FROM nowhere').catch((thrown: unknown) => thrown);
  expect(isDatabaseAway(wrong)).toBe(false);
  const violated = await bank.database.customer
    .create({
      data: { id: randomUUID(), email: 'UPPER@EXAMPLE.COM', displayName: '', createdAt: new Date() },
    })
    .catch((thrown: unknown) => thrown);
  expect(isDatabaseAway(violated)).toBe(false);
  expect(isDatabaseAway(new TypeError('a mistake of ours'))).toBe(false);
  expect(isDatabaseAway('P1001')).toBe(false);
});
