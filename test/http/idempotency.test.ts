import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiled } from '../../src/main/compile.mjs';
import { openPool, type Pool } from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../postgres/test-database.ts';

const LEASE_MS = 1_000;

let testDatabase: TestDatabase;
let pool: Pool;
const children: ChildProcess[] = [];
/** Two processes that live through the whole file. */
let healthy: readonly [string, string];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  pool = openPool(testDatabase.app);
  const [first, second] = await Promise.all([startProcess('never'), startProcess('never')]);
  healthy = [first.url, second.url];
});

afterAll(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await pool.end();
  await testDatabase.drop();
});

async function startProcess(
  dieAt: string,
  leaseMs = LEASE_MS,
): Promise<{ url: string; child: ChildProcess }> {
  const argument = JSON.stringify({ config: testDatabase.app, dieAt, leaseMs });
  const script = join(import.meta.dirname, 'support', 'crashing-process.ts');
  const child = spawn(process.execPath, [await compiled(script), argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const died = once(child, 'exit').then(() =>
    Promise.reject(new Error('the process ended before it served')),
  );
  const [line] = (await Promise.race([once(child.stdout, 'data'), died])) as [Buffer];
  died.catch(() => undefined);
  return { url: line.toString('utf8').trim(), child };
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly replayed: boolean;
}

async function make(url: string, key: string, name: string): Promise<Answer> {
  const response = await fetch(`${url}/v1/things`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ name }),
  });
  const replayed = response.headers.get('idempotency-replayed') === 'true';
  return { status: response.status, text: await response.text(), replayed };
}

/** Asks until the lease of a dead owner has run out. */
async function makeUntilDone(url: string, key: string, name: string): Promise<Answer> {
  for (let tries = 0; tries < 60; tries++) {
    const answer = await make(url, key, name);
    if (answer.status !== 409) return answer;
    await sleep(100);
  }
  throw new Error('the key stayed in progress');
}

async function countOf(name: string): Promise<bigint | undefined> {
  const { rows } = await pool.query<{ count: bigint }>(
    'SELECT count(*) FROM app.integrator WHERE name = $1',
    [name],
  );
  return rows[0]?.count;
}

async function countOfKeys(key: string): Promise<bigint | undefined> {
  const { rows } = await pool.query<{ count: bigint }>(
    'SELECT count(*) FROM app.idempotency_key WHERE key = $1',
    [key],
  );
  return rows[0]?.count;
}

test.each(['before the effect', 'inside the transaction', 'between effect and answer'])(
  'killed %s: the same key finishes the work exactly once',
  async (dieAt) => {
    const key = randomUUID();
    const name = `thing ${randomUUID()}`;
    const doomed = await startProcess(dieAt);
    await expect(make(doomed.url, key, name)).rejects.toThrow();
    const done = dieAt === 'between effect and answer';
    expect(await countOf(name)).toBe(done ? 1n : 0n);

    const [url] = healthy;
    const answer = await makeUntilDone(url, key, name);
    expect(answer).toMatchObject({ status: 201, replayed: done });
    expect(await countOf(name)).toBe(1n);
    expect(await make(url, key, name)).toEqual({ ...answer, replayed: true });
  },
);

test('an owner that was only slow loses to the one that took over, and the thing is made once', async () => {
  const key = randomUUID();
  const name = `thing ${randomUUID()}`;
  const slow = await startProcess('never, but waits to be overtaken', 50);
  const late = make(slow.url, key, name);
  await expect.poll(() => countOfKeys(key), { timeout: 10_000 }).toBe(1n);
  const taken = await makeUntilDone(healthy[0], key, name);
  expect(taken.status).toBe(201);
  const beaten = await late;
  expect(beaten.status).toBe(409);
  expect(JSON.parse(beaten.text)).toMatchObject({ code: 'idempotency_key_in_progress', retryable: true });
  expect(await countOf(name)).toBe(1n);
});

test('twenty requests with one key over two processes: one effect, one answer, else 409', async () => {
  const key = randomUUID();
  const name = `thing ${randomUUID()}`;
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => make(healthy[index % 2]!, key, name)),
  );
  const made = answers.filter(({ status }) => status === 201);
  expect(made.length).toBeGreaterThan(0);
  expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  expect(made.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
  expect(await countOf(name)).toBe(1n);

  const [url] = healthy;
  const other = await make(url, key, 'another name');
  expect(other.status).toBe(422);
  expect(JSON.parse(other.text)).toMatchObject({ code: 'idempotency_key_reused' });
  for (const bad of ['', 'short', 'with space in the middle of it', 'ü'.repeat(20), 'x'.repeat(129)]) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': encodeURI(bad) };
    const response = await fetch(`${url}/v1/things`, { method: 'POST', headers, body: '{"name":"x"}' });
    expect(response.status).toBe(400);
  }
});

test('a failure that is not final releases the key at once', async () => {
  const name = `thing ${randomUUID()}`;
  const [url] = healthy;
  expect(await make(url, randomUUID(), name)).toMatchObject({ status: 201 });
  // The name is taken, which this handler does not expect: an internal error, and no answer is kept.
  const key = randomUUID();
  expect(await make(url, key, name)).toMatchObject({ status: 500 });
  expect(await make(url, key, name)).toMatchObject({ status: 500, replayed: false });
});
