import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { LedgerClient } from '../../../src/ledger/client/index.ts';
import { createLedgerDatabase, runAsSuperuser } from '../ledger-database.ts';
import { freshId, startLedger } from '../running-ledger.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createLedgerDatabase();
});

afterAll(() => database.drop());

it('a standby follows, refuses to answer, takes over when the leader stops, and the client finds it', async () => {
  const first = await startLedger(database);
  await first.client().status();
  const second = await startLedger(database);
  await second.ledger.ready;
  expect(second.ledger.role()).toBe('standby');
  const client = new LedgerClient({ addresses: [second.ledger.address, first.ledger.address] });
  const [a, b] = [freshId(), freshId()];
  await client.createAccounts([a, b].map((id) => ({ id, asset: 1, code: 1 })));
  const transfer = { debitAccountId: a, creditAccountId: b, amount: 1n, asset: 1, code: 1 };
  const chain = [
    { ...transfer, id: freshId(), flags: { linked: true } },
    { ...transfer, id: freshId(), amount: 2n },
  ];
  await client.transfer(chain);
  await expect.poll(() => second.ledger.measures().sequence).toBe(first.ledger.measures().sequence);
  const moving = Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 10));
      return await client.transfer([{ ...transfer, id: freshId() }]);
    }),
  );
  await first.stop();
  const answers = await moving;
  expect(answers.every(({ results }) => results[0]?.result === 'ok' || results[0]?.result === 'exists')).toBe(
    true,
  );
  expect(second.ledger.role()).toBe('leader');
  // A whole chain, submitted again to the new leader, is known as a whole.
  expect((await client.transfer(chain)).results.map(({ result }) => result)).toEqual(['exists', 'exists']);
  const { value } = await client.accounts([b]);
  expect(value[0]?.creditsPosted).toBe(23n);
  client.close();
  await second.stop();
});

it('a leader whose session is cut by the database steps down, and leads again with a new epoch', async () => {
  const only = await startLedger(database);
  const client = only.client();
  const { epoch } = await client.status();
  await runAsSuperuser(
    database,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  await client.createAccounts([{ id: freshId(), asset: 1, code: 1 }]);
  await expect.poll(async () => (await client.status()).epoch, { timeout: 20_000 }).toBeGreaterThan(epoch);
  await only.stop();
});

it('a socket file left behind by a killed process is replaced, one in use is not', async () => {
  const first = await startLedger(database);
  const path = (first.ledger.address as { path: string }).path;
  await expect(startLedger(database, { listen: { path } })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const tcp = await startLedger(database, { listen: { host: '127.0.0.1', port: 0 } });
  await first.stop();
  // Over TCP as well, and by whoever is left.
  expect((await tcp.client().status()).epoch).toBeGreaterThan(0);
  await tcp.stop();
});
