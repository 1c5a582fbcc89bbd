import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createThrottle } from '../../src/http/index.ts';
import { addressKey } from '../../src/http/throttle.ts';
import { openPool, type Pool } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';
import { Caller, openBank } from '../identity/support/bank.ts';
import { testHash } from './support/serve.ts';

let testDatabase: TestDatabase;
let pools: Pool[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  pools = [openPool(testDatabase.app), openPool(testDatabase.app)];
});

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await testDatabase.drop();
});

const RULE = { name: 'test', points: 5, windowSeconds: 60 };

test('processes on one database share the count, and racing takers never get more than there is', async () => {
  const throttles = pools.map((pool) => createThrottle(pool, testHash, RULE));
  const key = randomUUID();
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => throttles[index % 2]!.take(key)),
  );
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  for (const result of results) {
    if (result.status === 'rejected') {
      expect(result.reason).toMatchObject({ code: 'rate_limited', retryable: true });
    }
  }
  await expect(throttles[0]!.take(randomUUID())).resolves.toMatchObject({ limit: 5, remaining: 4 });
});

test('a point that is given back can be taken again', async () => {
  const throttle = createThrottle(pools[0]!, testHash, RULE);
  const key = randomUUID();
  for (let i = 0; i < 5; i++) await throttle.take(key);
  await throttle.giveBack(key);
  await expect(throttle.take(key)).resolves.toMatchObject({ remaining: 0 });
  await expect(throttle.take(key)).rejects.toMatchObject({ code: 'rate_limited' });
});

test('the table names neither addresses nor people', async () => {
  await createThrottle(pools[0]!, testHash, RULE).take('203.0.113.77');
  const { rows } = await pools[0]!.query<{ key: string }>('SELECT key FROM app.rate_limit');
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.map(({ key }) => key).join()).not.toContain('203.0.113.77');
});

test('when the database is gone, a throttle refuses rather than opens', async () => {
  const pool = openPool(testDatabase.app);
  const throttle = createThrottle(pool, testHash, RULE);
  await pool.end();
  await expect(throttle.take('x')).rejects.toThrow();
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test('over HTTP: RateLimit fields count down, then 429 with Retry-After, and health stays reachable', async () => {
  const bank = await openBank({ perAddress: 3 });
  try {
    const caller = new Caller(bank);
    const remaining: (string | null)[] = [];
    for (let i = 0; i < 3; i++) {
      const answer = await caller.send('GET', '/v1/me');
      expect(answer.status).toBe(401);
      remaining.push(answer.headers.get('ratelimit-remaining'));
    }
    expect(remaining).toEqual(['2', '1', '0']);
    const refused = await caller.send('GET', '/v1/me');
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } });
    expect(refused.headers.get('ratelimit-limit')).toBe('3');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await caller.send('GET', '/healthz')).status).toBe(200);
    // Another address is not concerned, and nobody chooses an address by sending a longer chain.
    expect((await new Caller(bank).send('GET', '/v1/me')).status).toBe(401);
  } finally {
    await bank.close();
  }
});
