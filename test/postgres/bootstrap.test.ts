import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  bootstrapDatabase,
  connect,
  DATABASE_SCHEMAS,
  deployMigrations,
  LOGIN_ROLES,
  migrationStatus,
  startEmbeddedServer,
  type PostgresConfig,
} from '../../src/postgres/index.ts';
import { temporaryFolder } from './embedded/scene.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
});
afterEach(() => database.drop());

async function asSuperuser(statement: string): Promise<void> {
  const client = await connect(database.superuser);
  await client.query(statement).finally(() => client.end());
}

/** A login role that is no superuser. */
async function withAdmin(powers: string, work: (admin: PostgresConfig) => Promise<void>): Promise<void> {
  const user = `admin_${randomBytes(4).toString('hex')}`;
  await asSuperuser(`CREATE ROLE ${user} LOGIN PASSWORD 'x' ${powers}`);
  try {
    await work({ ...database.superuser, user, password: 'x' });
  } finally {
    await asSuperuser(`REASSIGN OWNED BY ${user} TO CURRENT_USER; DROP OWNED BY ${user} CASCADE`);
    await asSuperuser(`DROP ROLE ${user}`);
  }
}

test('it may be repeated, and from many starts at once', async () => {
  await Promise.all(Array.from({ length: 4 }, () => bootstrapDatabase(database.superuser)));
  await bootstrapDatabase(database.superuser);
  expect((await deployMigrations(database.superuser, 'ledger')).applied.length).toBeGreaterThan(0);
  expect((await migrationStatus(database.ledger, 'ledger')).state).toBe('current');
});

test('a migrator that is no superuser, made a member of the owner, can deploy', async () => {
  await bootstrapDatabase(database.superuser);
  await withAdmin('', async (migrator) => {
    await asSuperuser(`GRANT CONNECT ON DATABASE ${database.name} TO ${migrator.user}`);
    await expect(deployMigrations(migrator, 'app')).rejects.toThrow('permission denied to set role');
    await asSuperuser(`GRANT trilock_owner TO ${migrator.user}`);
    expect((await deployMigrations(migrator, 'app')).applied.length).toBeGreaterThan(0);
  });
});

test('the owner of a database needs only CREATEROLE', async () => {
  const { path, remove } = await temporaryFolder();
  const server = await startEmbeddedServer({ directory: join(path, 'postgres'), durable: false });
  const client = await connect(server.config);
  try {
    await client.query(`CREATE ROLE dba LOGIN CREATEROLE PASSWORD 'x'`);
    await client.query('CREATE DATABASE wallet OWNER dba');
    const dba = { ...server.config, database: 'wallet', user: 'dba', password: 'x' };
    await bootstrapDatabase(dba, { passwords: { app: `it's "quoted" \\ here` } });
    for (const schema of DATABASE_SCHEMAS) await deployMigrations(dba, schema);
    const app = { ...dba, user: LOGIN_ROLES.app, password: `it's "quoted" \\ here` };
    expect((await migrationStatus(app, 'app')).state).toBe('current');
  } finally {
    await client.end();
    await server.stop();
    await remove();
  }
});

test('somebody without the right to create roles and schemas is refused in one line', async () => {
  await withAdmin('', async (admin) => {
    await expect(bootstrapDatabase(admin)).rejects.toMatchObject({ code: 'bootstrap_refused' });
  });
});
