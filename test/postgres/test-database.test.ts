import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect, migrationStatus, OWNER_ROLE } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a test database is migrated and empty, and each role signs in', async () => {
  for (const schema of ['app', 'ledger', 'signer'] as const) {
    expect(await migrationStatus(database[schema], schema)).toMatchObject({ state: 'current', pending: [] });
  }
  const owner = await connect(database.owner);
  const { rows } = await owner.query<{ role: string }>('SELECT current_user AS role');
  expect(rows[0]?.role).toBe(OWNER_ROLE);
  await owner.end();
});

test('dropping it ends the connections that a test forgot', async () => {
  const other = await createTestDatabase({ empty: true });
  const forgotten = await connect(other.superuser);
  await other.drop();
  await expect(forgotten.query('SELECT 1')).rejects.toThrow();
  await expect(connect(other.superuser)).rejects.toThrow('does not exist');
});
