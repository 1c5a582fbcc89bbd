import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  bootstrapDatabase,
  connect,
  deployMigrations,
  migrationStatus,
  type PostgresConfig,
} from '../../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from '../test-database.ts';

let database: TestDatabase;
let folder: string;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  await bootstrapDatabase(database.superuser);
  folder = await mkdtemp(join(tmpdir(), 'trilock-migrations-'));
});
afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'migration.sql'), sql);
}

async function rows(config: PostgresConfig, statement: string): Promise<Record<string, unknown>[]> {
  const client = await connect(config);
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

const FIRST = '20260101000000_first';
const SECOND = '20260101000001_second';
const deploy = () => deployMigrations(database.superuser, 'app', { folder });
const status = () => migrationStatus(database.superuser, 'app', { folder });
const tables = async () =>
  (await rows(database.superuser, `SELECT tablename FROM pg_tables WHERE schemaname = 'app' ORDER BY 1`)).map(
    ({ tablename }) => tablename,
  );

test('our migrations lead an empty database to the current state, once', async () => {
  for (const schema of ['app', 'ledger', 'signer'] as const) {
    expect((await migrationStatus(database.superuser, schema)).state).toBe('behind');
    const { applied } = await deployMigrations(database.superuser, schema);
    expect(applied.length).toBeGreaterThan(0);
    expect((await deployMigrations(database.superuser, schema)).applied).toEqual([]);
    expect(await migrationStatus(database.superuser, schema)).toEqual({
      schema,
      state: 'current',
      pending: [],
      unknown: [],
      edited: [],
      unfinished: [],
    });
  }
});

test('many starts at once apply each migration once', async () => {
  await write(FIRST, 'CREATE TABLE one (id bigint); SELECT pg_sleep(0.1)');
  await write(SECOND, 'CREATE TABLE two (id bigint)');
  const results = await Promise.all([
    ...Array.from({ length: 6 }, deploy),
    deployMigrations(database.superuser, 'ledger'),
    deployMigrations(database.superuser, 'signer'),
  ]);
  expect(results.slice(0, 6).flatMap(({ applied }) => applied)).toEqual([FIRST, SECOND]);
  expect(await tables()).toEqual(['_prisma_migrations', 'one', 'two']);
});

test('a script with function bodies, triggers and partitions is run as it stands', async () => {
  await write(
    FIRST,
    `CREATE TABLE log (seq bigint NOT NULL, text text NOT NULL) PARTITION BY RANGE (seq);
     CREATE TABLE log_0 PARTITION OF log FOR VALUES FROM (0) TO (100);
     CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'append-only; really'; END; $$;
     CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log FOR EACH ROW EXECUTE FUNCTION refuse_change();
     INSERT INTO log VALUES (1, 'a;b');`,
  );
  await deploy();
  await expect(rows(database.superuser, `UPDATE app.log SET text = 'x'`)).rejects.toThrow(
    'append-only; really',
  );
  expect(
    await rows(database.superuser, 'SELECT text, tableoid::regclass::text AS part FROM app.log'),
  ).toEqual([{ text: 'a;b', part: 'app.log_0' }]);
});

test('a migration that fails leaves nothing of itself, and can be corrected', async () => {
  await write(FIRST, 'CREATE TABLE one (id bigint)');
  await write(SECOND, 'CREATE TABLE two (id bigint); INSERT INTO two VALUES (1 / 0)');
  await expect(deploy()).rejects.toMatchObject({
    code: 'migration_failed',
    message: `The migration app/${SECOND} failed and was undone: division by zero`,
    details: { schema: 'app', migration: SECOND },
  });
  expect(await tables()).toEqual(['_prisma_migrations', 'one']);
  expect(await status()).toMatchObject({ state: 'behind', pending: [SECOND] });
  await write(SECOND, 'CREATE TABLE two (id bigint)');
  expect((await deploy()).applied).toEqual([SECOND]);
});

test('a deployment that is killed half-way leaves nothing half done', async () => {
  await write(FIRST, 'CREATE TABLE one (id bigint); SELECT pg_sleep(3600)');
  const child = spawn(process.execPath, [
    ...['--import', 'tsx', join(import.meta.dirname, 'deploy-process.ts')],
    JSON.stringify(database.superuser),
    folder,
  ]);
  const sleeping = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`;
  let pids: Record<string, unknown>[] = [];
  while (pids.length === 0) pids = await rows(database.superuser, sleeping);
  child.kill('SIGKILL');
  await once(child, 'exit');
  // The server notices at its next write; an operator would end the session, or wait.
  await rows(database.superuser, `SELECT pg_terminate_backend(${Number(pids[0]?.['pid'])}, 10000)`);
  expect(await tables()).toEqual([]);
  await write(FIRST, 'CREATE TABLE one (id bigint)');
  expect((await deploy()).applied).toEqual([FIRST]);
});

test('a database of a newer program is refused and left alone', async () => {
  await write(FIRST, 'CREATE TABLE one (id bigint)');
  await write(SECOND, 'CREATE TABLE two (id bigint)');
  await deploy();
  await rm(join(folder, SECOND), { recursive: true });
  await write('20260101000002_third', 'CREATE TABLE three (id bigint)');
  expect(await status()).toMatchObject({ state: 'unknown', unknown: [SECOND] });
  await expect(deploy()).rejects.toMatchObject({
    code: 'migration_unknown',
    details: { schema: 'app', migrations: [SECOND] },
  });
  expect(await tables()).toEqual(['_prisma_migrations', 'one', 'two']);
});

test('a migration that arrives late, older than the newest applied one, is applied', async () => {
  await write(SECOND, 'CREATE TABLE two (id bigint)');
  await deploy();
  await write(FIRST, 'CREATE TABLE one (id bigint)');
  expect(await status()).toMatchObject({ state: 'behind', pending: [FIRST] });
  expect((await deploy()).applied).toEqual([FIRST]);
  expect((await status()).state).toBe('current');
});

test('a migration that was edited after it was applied is refused', async () => {
  await write(FIRST, 'CREATE TABLE one (id bigint)');
  await deploy();
  await write(FIRST, 'CREATE TABLE one (id bigint, stolen bigint)');
  await write(SECOND, 'CREATE TABLE two (id bigint)');
  expect(await status()).toMatchObject({ state: 'edited', edited: [FIRST] });
  await expect(deploy()).rejects.toMatchObject({ code: 'migration_edited' });
  expect(await tables()).toEqual(['_prisma_migrations', 'one']);
});

test('a migration that commits by itself is refused by name', async () => {
  await write(FIRST, 'CREATE TABLE one (id bigint); COMMIT; BEGIN; CREATE TABLE two (id bigint)');
  await expect(deploy()).rejects.toThrow('it commits by itself');
  expect(await status()).toMatchObject({ state: 'unfinished', unfinished: [FIRST] });
  await expect(deploy()).rejects.toMatchObject({ code: 'migration_failed' });
});

test('misnamed and empty folders are refused', async () => {
  await mkdir(join(folder, 'latest'));
  await expect(deploy()).rejects.toMatchObject({ code: 'migration_files_invalid' });
  await rm(join(folder, 'latest'), { recursive: true });
  await mkdir(join(folder, FIRST));
  await expect(deploy()).rejects.toMatchObject({ code: 'migration_files_invalid' });
});

test('a database that was not bootstrapped is refused', async () => {
  const bare = await createTestDatabase({ empty: true });
  try {
    await expect(deployMigrations(bare.superuser, 'app')).rejects.toMatchObject({ code: 'schema_missing' });
    await expect(migrationStatus(bare.superuser, 'app')).rejects.toMatchObject({ code: 'schema_missing' });
  } finally {
    await bare.drop();
  }
});
