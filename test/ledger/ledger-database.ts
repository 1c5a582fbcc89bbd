import { connect } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

/** The test server is careless about durability; the ledger refuses to run on such a one. */
export async function createLedgerDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await runAsSuperuser(
    database,
    `ALTER ROLE trilock_ledger IN DATABASE ${database.name} SET synchronous_commit = on`,
  );
  return database;
}

/** What an administrator, or an attacker in the administrator's chair, can do. */
export async function runAsSuperuser(
  database: TestDatabase,
  statement: string,
  values?: unknown[],
): Promise<void> {
  const client = await connect(database.superuser);
  try {
    await client.query(statement, values);
  } finally {
    await client.end();
  }
}
