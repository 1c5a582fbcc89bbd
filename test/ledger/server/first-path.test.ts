import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestDatabase } from '../../postgres/test-database.ts';
import { createLedgerDatabase } from '../ledger-database.ts';
import { freshId, startLedger } from '../running-ledger.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createLedgerDatabase();
});

afterAll(() => database.drop());

it('moves money between two accounts, answers after the commit, and knows it all after a restart', async () => {
  const [alice, bob, funding, id] = [freshId(), freshId(), freshId(), freshId()];
  const first = await startLedger(database);
  const client = first.client();
  const account = { asset: 1, code: 1 };
  const created = await client.createAccounts([
    { ...account, id: alice, accountFlags: { debitsMustNotExceedCredits: true } },
    { ...account, id: bob, accountFlags: { debitsMustNotExceedCredits: true } },
    { ...account, id: funding },
  ]);
  expect(created.results.map(({ result }) => result)).toEqual(['ok', 'ok', 'ok']);
  const transfer = { asset: 1, code: 7, debitAccountId: alice, creditAccountId: bob };
  const moved = await client.transfer([
    { ...transfer, id: freshId(), debitAccountId: funding, creditAccountId: alice, amount: 100n },
    { ...transfer, id, amount: 60n },
    { ...transfer, id: freshId(), amount: 60n },
  ]);
  expect(moved.results.map(({ result }) => result)).toEqual(['ok', 'ok', 'exceeds_credits']);
  const look = async (from: typeof client): Promise<unknown> => {
    const { value } = await from.accounts([alice, bob, funding, freshId()]);
    return value.map((reading) => reading?.available);
  };
  expect(await look(client)).toEqual([40n, 60n, -100n, undefined]);
  const history = await client.history({ accountId: alice });
  expect(history.value.records.map(({ record }) => record.amount)).toEqual([60n, 100n]);
  expect((await client.transfers([id])).value[0]?.record.amount).toBe(60n);
  await first.stop();

  const second = await startLedger(database);
  const again = second.client();
  expect(await look(again)).toEqual([40n, 60n, -100n, undefined]);
  const repeated = await again.transfer([
    { ...transfer, id, amount: 60n },
    { ...transfer, id, amount: 61n },
  ]);
  expect(repeated.results.map(({ result }) => result)).toEqual(['exists', 'exists_with_different_amount']);
  expect(await look(again)).toEqual([40n, 60n, -100n, undefined]);
  await second.stop();
  expect(second.logger.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});
