import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { inTransaction, openDatabase, Prisma, sqlState, type Database } from '../../src/database/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  const owner = await connect(database.owner);
  await owner.query(
    `CREATE TABLE app.probe (id text PRIMARY KEY, balance bigint NOT NULL);
     GRANT UPDATE, DELETE ON app.probe TO trilock_app`,
  );
  await owner.end();
  db = openDatabase(database.app, { maxConnections: 4 });
});
beforeEach(() => db.$executeRaw`DELETE FROM probe`);
afterAll(async () => {
  await db.$disconnect();
  await database.drop();
});

const balance = async (id: string) =>
  (await db.$queryRaw<{ balance: bigint }[]>`SELECT balance FROM probe WHERE id = ${id}`)[0]?.balance;

test('amounts are bigint beyond what a number can say', async () => {
  await db.$executeRaw`INSERT INTO probe VALUES ('a', ${9007199254740993n})`;
  expect(await balance('a')).toBe(9007199254740993n);
});

test('what resolves is committed, what throws is rolled back and thrown on', async () => {
  await inTransaction(db, (tx) => tx.$executeRaw`INSERT INTO probe VALUES ('a', 1)`);
  await expect(
    inTransaction(db, async (tx) => {
      await tx.$executeRaw`UPDATE probe SET balance = 2`;
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await balance('a')).toBe(1n);
});

/** Each adds what it saw: without the retry, one of the two would be lost or refused. */
async function bothIncrement(retries: number): Promise<PromiseSettledResult<unknown>[]> {
  await db.$executeRaw`INSERT INTO probe VALUES ('a', 0)`;
  let waiting = 0;
  let open = (): void => undefined;
  const bothHaveRead = new Promise<void>((resolve) => (open = resolve));
  const increment = () =>
    inTransaction(
      db,
      async (tx) => {
        const [row] = await tx.$queryRaw<{ balance: bigint }[]>`SELECT balance FROM probe WHERE id = 'a'`;
        if (++waiting === 2) open();
        await bothHaveRead;
        await tx.$executeRaw`UPDATE probe SET balance = ${(row?.balance ?? 0n) + 1n} WHERE id = 'a'`;
      },
      { isolation: 'Serializable', retries },
    );
  return Promise.allSettled([increment(), increment()]);
}

test('a write conflict is refused without retries', async () => {
  const results = await bothIncrement(0);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(await balance('a')).toBe(1n);
});

test('and repeated with them', async () => {
  const results = await bothIncrement(5);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(await balance('a')).toBe(2n);
});

test('a conflict that shows at the commit is repeated too', async () => {
  await db.$executeRaw`INSERT INTO probe VALUES ('a', 50), ('b', 50)`;
  let arrived = 0;
  let open = (): void => undefined;
  const bothHaveWritten = new Promise<void>((resolve) => (open = resolve));
  const take = (id: string) =>
    inTransaction(
      db,
      async (tx) => {
        const [row] = await tx.$queryRaw<{ sum: bigint }[]>`SELECT sum(balance)::bigint AS sum FROM probe`;
        const enough = (row?.sum ?? 0n) >= 100n;
        if (enough) await tx.$executeRaw`UPDATE probe SET balance = balance - 60 WHERE id = ${id}`;
        if (++arrived === 2) open();
        await bothHaveWritten;
        return enough;
      },
      { isolation: 'Serializable', retries: 5 },
    );
  const taken = await Promise.all([take('a'), take('b')]);
  expect(taken.sort()).toEqual([false, true]);
});

test('the SQLSTATE is found in the errors of the client', async () => {
  await db.$executeRaw`INSERT INTO probe VALUES ('a', 1)`;
  const twice = await db.$executeRaw`INSERT INTO probe VALUES ('a', 1)`.catch(sqlState);
  expect(twice).toBe('23505');
  expect(await db.$executeRaw`SELECT * FROM ledger._prisma_migrations`.catch(sqlState)).toBe('42501');
  expect(sqlState(new Error('no database involved'))).toBeUndefined();
});

test('the client is bound to the role of the application', async () => {
  await expect(db.$executeRaw`SELECT * FROM ledger._prisma_migrations`).rejects.toThrow(
    'permission denied for schema ledger',
  );
  expect(await db.$queryRaw(Prisma.sql`SELECT current_user::text AS role`)).toEqual([
    { role: 'trilock_app' },
  ]);
});
