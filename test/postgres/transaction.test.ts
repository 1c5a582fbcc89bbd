import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openPool, withTransaction, type Pool } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.superuser, { maxConnections: 4 });
  await pool.query('CREATE TABLE account (id text PRIMARY KEY, balance bigint NOT NULL)');
});
beforeEach(() => pool.query(`DELETE FROM account; INSERT INTO account VALUES ('a', 50), ('b', 50)`));
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const balances = async () =>
  (await pool.query<{ balance: bigint }>('SELECT balance FROM account ORDER BY id')).rows.map(
    ({ balance }) => balance,
  );

test('bigint columns and arrays are bigint, beyond what a number can say', async () => {
  const { rows } = await pool.query(
    `SELECT 9007199254740993::bigint AS big, ARRAY[[9223372036854775807], [NULL]]::bigint[] AS list,
            1::int AS small, 0.1::numeric AS decimal`,
  );
  expect(rows).toEqual([
    { big: 9007199254740993n, list: [[9223372036854775807n], [null]], small: 1, decimal: '0.1' },
  ]);
  const same = await pool.query<{ v: bigint }>('SELECT $1::bigint AS v', [9007199254740993n]);
  expect(same.rows[0]?.v).toBe(9007199254740993n);
});

test('what resolves is committed, what throws is rolled back and thrown on', async () => {
  const answer = await withTransaction(pool, async (tx) => {
    await tx.query(`UPDATE account SET balance = 40 WHERE id = 'a'`);
    return 'done';
  });
  expect(answer).toBe('done');
  await expect(
    withTransaction(pool, async (tx) => {
      await tx.query('UPDATE account SET balance = 0');
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await balances()).toEqual([40n, 50n]);
});

test('a transaction whose error was swallowed does not pass for committed', async () => {
  await expect(
    withTransaction(pool, async (tx) => {
      await tx.query('UPDATE account SET balance = 0');
      await tx.query('SELECT 1 / 0').catch(() => undefined);
    }),
  ).rejects.toThrow('rolled back');
  expect(await balances()).toEqual([50n, 50n]);
});

/** Each takes 60 from one account if both together hold at least 100: under write skew both would succeed. */
async function raceForTheMoney(retries: number): Promise<PromiseSettledResult<string>[]> {
  let waiting = 0;
  let open = (): void => undefined;
  const bothHaveRead = new Promise<void>((resolve) => (open = resolve));
  const take = (id: string) =>
    withTransaction(
      pool,
      async (tx) => {
        const { rows } = await tx.query<{ sum: string }>('SELECT sum(balance) FROM account');
        if (++waiting === 2) open();
        await bothHaveRead;
        if (Number(rows[0]?.sum) < 100) return 'refused';
        await tx.query('UPDATE account SET balance = balance - 60 WHERE id = $1', [id]);
        return 'taken';
      },
      { isolation: 'serializable', retries },
    );
  return Promise.allSettled([take('a'), take('b')]);
}

test('serializable refuses one of two that overlook each other', async () => {
  const results = await raceForTheMoney(0);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: '40001' } });
});

test('and with retries the refused one decides anew', async () => {
  const results = await raceForTheMoney(5);
  const outcomes = results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed'));
  expect(outcomes.sort()).toEqual(['refused', 'taken']);
});

test('an error of the work is never repeated', async () => {
  let runs = 0;
  const work = () => {
    runs++;
    return Promise.reject(new Error('bug'));
  };
  await expect(withTransaction(pool, work, { retries: 5 })).rejects.toThrow('bug');
  expect(runs).toBe(1);
});

test('statements that run too long are cancelled, by pool or by transaction', async () => {
  const hasty = openPool(database.superuser, { statementTimeoutMs: 20 });
  await expect(hasty.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
  await hasty.end();
  const sleep = withTransaction(pool, (tx) => tx.query('SELECT pg_sleep(60)'), { statementTimeoutMs: 20 });
  await expect(sleep).rejects.toMatchObject({ code: '57014' });
});

test('a read-only transaction refuses to write', async () => {
  const write = withTransaction(pool, (tx) => tx.query('DELETE FROM account'), { readOnly: true });
  await expect(write).rejects.toMatchObject({ code: '25006' });
});

test('a connection that is cut fails its transaction and is replaced', async () => {
  const cut = withTransaction(pool, async (tx) => {
    await tx.query('UPDATE account SET balance = 0');
    const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
    await tx.query('SELECT 1');
  });
  await expect(cut).rejects.toThrow();
  for (let i = 0; i < 8; i++) expect(await balances()).toEqual([50n, 50n]);
});
