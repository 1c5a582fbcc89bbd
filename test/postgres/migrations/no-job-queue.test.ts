import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bootstrapDatabase, connect, deployMigrations } from '../../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../test-database.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../prisma/app/migrations');
const REMOVAL = '20261120122500_no_job_queue';

let database: TestDatabase;
let earlier: string;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  await bootstrapDatabase(database.superuser);
  earlier = await mkdtemp(join(tmpdir(), 'trilock-earlier-'));
  for (const name of await readdir(MIGRATIONS)) {
    if (name < REMOVAL) await cp(join(MIGRATIONS, name), join(earlier, name), { recursive: true });
  }
  await deployMigrations(database.superuser, 'app', { folder: earlier });
});
afterEach(async () => {
  await database.drop();
  await rm(earlier, { recursive: true });
});

async function jobTablesAfterUpgrade(owner: string): Promise<number> {
  const client = await connect(database.superuser);
  try {
    await client.query(`SET ROLE ${owner};
      CREATE SCHEMA graphile_worker; CREATE TABLE graphile_worker.jobs (id bigint); RESET ROLE`);
    await deployMigrations(database.superuser, 'app');
    const { rowCount } = await client.query(
      `SELECT 1 FROM pg_tables WHERE schemaname = 'graphile_worker' AND tablename = 'jobs'`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

test('an upgrade removes the job queue that earlier versions deployed', async () => {
  expect(await jobTablesAfterUpgrade('trilock_owner')).toBe(0);
});

test('it leaves a job queue of another program alone', async () => {
  expect(await jobTablesAfterUpgrade(database.superuser.user)).toBe(1);
});
