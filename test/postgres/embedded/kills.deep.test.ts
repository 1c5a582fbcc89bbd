import fc from 'fast-check';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connect, startEmbeddedServer, type PostgresConfig } from '../../../src/postgres/index.ts';
import { ask, startSupervisor, temporaryFolder, type Supervisor } from './scene.ts';

const ROUNDS = 60;

/** Appends numbers until the connection breaks; resolves with the last one that the server acknowledged. */
async function appendUntilCut(config: PostgresConfig, from: number): Promise<number> {
  const client = await connect(config).catch(() => undefined);
  let acknowledged = from;
  if (client === undefined) return acknowledged;
  try {
    for (;;) {
      await client.query('INSERT INTO numbers VALUES ($1)', [acknowledged + 1]);
      acknowledged++;
    }
  } catch {
    return acknowledged;
  } finally {
    await client.end().catch(() => undefined);
  }
}

type Victim = 'supervisor' | 'server' | 'both';

async function kill(victim: Victim, supervisor: Supervisor): Promise<void> {
  if (victim !== 'server') await supervisor.kill();
  if (victim !== 'supervisor') process.kill(supervisor.said.pid!, 'SIGKILL');
  if (victim === 'server') await supervisor.kill();
}

test('no kill of server or supervisor loses an acknowledged row or keeps the next start from coming up', async () => {
  const { path, remove } = await temporaryFolder();
  const directory = join(path, 'postgres');
  const first = await startEmbeddedServer({ directory });
  await ask(first.config, 'CREATE TABLE numbers (n int PRIMARY KEY)');
  await first.stop();
  const seed = Number(process.env['TRILOCK_TEST_SEED'] ?? Date.now() % 2 ** 31);
  const plan = fc.sample(
    fc.record({ victim: fc.constantFrom<Victim>('supervisor', 'server', 'both'), afterMs: fc.nat(400) }),
    { numRuns: ROUNDS, seed },
  );
  let acknowledged = 0;
  try {
    for (const [round, { victim, afterMs }] of plan.entries()) {
      const told = `seed ${seed}, round ${round}, ${victim} after ${afterMs} ms`;
      const supervisor = await startSupervisor({ directory });
      expect(supervisor.said.code, told).toBeUndefined();
      const config = supervisor.said.config!;
      const found = await ask(config, 'SELECT coalesce(max(n), 0) AS last, count(*) AS rows FROM numbers');
      // One row more is the one whose acknowledgement was cut off.
      expect(Number(found?.['last']) - acknowledged, told).toBeOneOf([0, 1]);
      expect(Number(found?.['rows']), told).toBe(Number(found?.['last']));
      const writing = appendUntilCut(config, Number(found?.['last']));
      await sleep(afterMs);
      await kill(victim, supervisor);
      if (victim === 'supervisor') {
        // The orphan goes on serving; the connection is cut so that the round ends.
        await ask(
          config,
          `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'INSERT%'`,
        );
      }
      acknowledged = await writing;
    }
  } finally {
    const last = await startEmbeddedServer({ directory });
    await last.stop();
    await remove();
  }
  expect(acknowledged).toBeGreaterThan(0);
});
