import { Logger, runOnce } from 'graphile-worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction, openDatabase } from '../../../src/database/index.ts';
import { connect, deployMigrations, openPool } from '../../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('a job joins the transaction of the application, and a worker with the same role runs it', async () => {
  const db = openDatabase(database.app);
  const pool = openPool(database.app);
  const done: unknown[] = [];
  const work = () =>
    runOnce({
      pgPool: pool,
      schema: 'graphile_worker',
      noHandleSignals: true,
      logger: new Logger(() => () => undefined),
      taskList: { note: (payload) => void done.push(payload) },
    });
  try {
    const add = (n: number) =>
      inTransaction(db, async (tx) => {
        await tx.$queryRaw`SELECT graphile_worker.add_job('note', json_build_object('n', ${n}::int))::text`;
        if (n === 2) throw new Error('no');
      });
    await add(1);
    await expect(add(2)).rejects.toThrow('no');
    await work();
    expect(done).toEqual([{ n: 1 }]);
    await work();
    expect(done).toHaveLength(1);
  } finally {
    await pool.end();
    await db.$disconnect();
  }
});

test('it is deployed again without effect, and is closed to the other roles', async () => {
  expect((await deployMigrations(database.superuser, 'app')).applied).toEqual([]);
  for (const role of ['ledger', 'signer'] as const) {
    const client = await connect(database[role]);
    await expect(client.query(`SELECT graphile_worker.add_job('note')`)).rejects.toMatchObject({
      code: '42501',
    });
    await client.end();
  }
  const app = await connect(database.app);
  await expect(app.query('DELETE FROM graphile_worker.migrations')).rejects.toMatchObject({ code: '42501' });
  await expect(app.query('CREATE TABLE graphile_worker.own (id int)')).rejects.toMatchObject({
    code: '42501',
  });
  await app.end();
});
