import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bootstrapDatabase,
  connect,
  DATABASE_SCHEMAS,
  deployMigrations,
  LOGIN_ROLES,
  migrationStatus,
  OWNER_ROLE,
  type DatabaseSchema,
  type PostgresConfig,
} from '../../src/postgres/index.ts';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

const DENIED = { code: '42501' };
let database: TestDatabase;

async function run(config: PostgresConfig, statement: string): Promise<Record<string, unknown>[]> {
  const client = await connect(config);
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  database = await createTestDatabase();
  for (const schema of DATABASE_SCHEMAS) {
    await run(
      database.owner,
      `SET search_path = ${schema};
       CREATE TABLE appended (id bigint GENERATED ALWAYS AS IDENTITY, text text);
       CREATE TABLE changed (id bigint PRIMARY KEY, text text);
       GRANT UPDATE, DELETE ON changed TO ${LOGIN_ROLES[schema]};
       CREATE FUNCTION secret() RETURNS int LANGUAGE sql AS 'SELECT 42';
       INSERT INTO appended (text) VALUES ('first');`,
    );
  }
});
afterAll(() => database.drop());

describe.each(DATABASE_SCHEMAS)('the role of %s', (own) => {
  const as = (statement: string) => run(database[own], statement);
  const others = DATABASE_SCHEMAS.filter((schema) => schema !== own);

  test('reads and appends in its own schema, and changes what it was granted', async () => {
    await as(`INSERT INTO appended (text) VALUES ('second')`);
    expect(await as('SELECT count(*) FROM appended')).toEqual([{ count: 2n }]);
    await as(`INSERT INTO changed VALUES (1, 'a'); UPDATE changed SET text = 'b'; DELETE FROM changed`);
    expect(await as('SELECT secret() AS answer')).toEqual([{ answer: 42 }]);
  });

  test.each([
    `UPDATE appended SET text = 'forged'`,
    'DELETE FROM appended',
    'TRUNCATE appended',
    'DROP TABLE appended',
    'ALTER TABLE appended DISABLE TRIGGER ALL',
    'ALTER TABLE appended ADD COLUMN x int',
    'CREATE TRIGGER t BEFORE INSERT ON appended FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', 'x')`,
    'DELETE FROM _prisma_migrations',
    'CREATE TABLE own (id int)',
    'CREATE TABLE public.own (id int)',
    'CREATE TEMP TABLE own (id int)',
    'CREATE SCHEMA own',
    'CREATE ROLE own',
    `SET ROLE ${OWNER_ROLE}`,
    `COPY appended TO PROGRAM 'cat'`,
    `SELECT pg_read_file('/etc/passwd')`,
  ])('is denied: %s', async (statement) => {
    await expect(as(statement)).rejects.toMatchObject(DENIED);
  });

  test('hands on nothing that it has', async () => {
    // PostgreSQL answers with a warning and grants nothing.
    await as('GRANT ALL ON appended TO PUBLIC');
    for (const other of others) {
      await expect(run(database[other], `SELECT * FROM ${own}.appended`)).rejects.toMatchObject(DENIED);
    }
    await expect(as('UPDATE appended SET text = text')).rejects.toMatchObject(DENIED);
  });

  test.each(others)('touches nothing of %s', async (other) => {
    for (const statement of [
      `SELECT * FROM ${other}.appended`,
      `INSERT INTO ${other}.appended (text) VALUES ('x')`,
      `UPDATE ${other}.changed SET text = 'x'`,
      `DELETE FROM ${other}.changed`,
      `SELECT * FROM ${other}._prisma_migrations`,
      `SELECT ${other}.secret()`,
      `SET ROLE ${LOGIN_ROLES[other]}`,
      `SET SESSION AUTHORIZATION ${LOGIN_ROLES[other]}`,
    ]) {
      await expect(as(statement), statement).rejects.toMatchObject(DENIED);
    }
  });

  test('has no power over the cluster and belongs to nobody', async () => {
    const [powers] = await as(
      `SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
              (SELECT count(*) FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships
       FROM pg_roles WHERE rolname = current_user`,
    );
    expect(powers).toEqual({
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolbypassrls: false,
      memberships: 0n,
    });
  });
});

test('the owner cannot sign in, and owns every table and function', async () => {
  expect(
    await run(database.superuser, `SELECT rolcanlogin FROM pg_roles WHERE rolname = '${OWNER_ROLE}'`),
  ).toEqual([{ rolcanlogin: false }]);
  const strangers = await run(
    database.superuser,
    `SELECT relname FROM pg_class WHERE relnamespace IN ('app'::regnamespace, 'ledger'::regnamespace, 'signer'::regnamespace)
       AND relowner <> '${OWNER_ROLE}'::regrole
     UNION ALL
     SELECT proname FROM pg_proc WHERE pronamespace IN ('app'::regnamespace, 'ledger'::regnamespace, 'signer'::regnamespace)
       AND proowner <> '${OWNER_ROLE}'::regrole`,
  );
  expect(strangers).toEqual([]);
});

test('tables of the product that a role may rewrite or empty are granted one by one, never TRUNCATE', async () => {
  const truncatable = await run(
    database.superuser,
    `SELECT table_schema, table_name, grantee FROM information_schema.role_table_grants
     WHERE grantee LIKE 'trilock\\_%' AND grantee <> '${OWNER_ROLE}' AND privilege_type IN ('TRUNCATE', 'TRIGGER', 'REFERENCES')`,
  );
  expect(truncatable).toEqual([]);
});

test('ledger and signer live in databases of their own by configuration alone', async () => {
  const homes: [TestDatabase, DatabaseSchema][] = [];
  try {
    for (const schema of ['ledger', 'signer'] as const) {
      const home = await createTestDatabase({ empty: true });
      homes.push([home, schema]);
      await bootstrapDatabase(home.superuser, { schemas: [schema] });
      await deployMigrations(home.superuser, schema);
      expect((await migrationStatus(home[schema], schema)).state).toBe('current');
      expect(await run(home.superuser, `SELECT to_regnamespace('app') AS app`)).toEqual([{ app: null }]);
      for (const stranger of DATABASE_SCHEMAS.filter((other) => other !== schema)) {
        await expect(run(home[stranger], 'SELECT 1')).rejects.toMatchObject(DENIED);
      }
    }
  } finally {
    for (const [home] of homes) await home.drop();
  }
});
