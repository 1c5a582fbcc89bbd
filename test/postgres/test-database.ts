import { randomBytes } from 'node:crypto';
import { connect as connectSocket } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import {
  connect,
  DATABASE_SCHEMAS,
  LOGIN_ROLES,
  OWNER_ROLE,
  type DatabaseSchema,
  type PostgresConfig,
} from '../../src/postgres/index.ts';
import { TEST_ROLE_PASSWORD, type TestServer } from './template.ts';

/** A database of a test's own, with every migration applied and no row in it. */
export interface TestDatabase {
  readonly name: string;
  /** May do anything, past every grant. */
  readonly superuser: PostgresConfig;
  /** Signs in as the superuser and takes on the role that owns the tables. */
  readonly owner: PostgresConfig;
  readonly app: PostgresConfig;
  readonly ledger: PostgresConfig;
  readonly signer: PostgresConfig;
  /** Ends all its connections and removes it. */
  drop(): Promise<void>;
}

let server: Promise<TestServer> | undefined;

/** The server of this test run; the first call of the run starts it. */
export function testServer(): Promise<TestServer> {
  server ??= askForServer();
  return server;
}

/** Names the server in a program that is no test run and has started one itself. */
export function useTestServer(started: TestServer): void {
  server = Promise.resolve(started);
}

async function askForServer(): Promise<TestServer> {
  const answer = await text(connectSocket(inject('postgresTestSocket')));
  const { server: found, failure } = JSON.parse(answer) as { server?: TestServer; failure?: string };
  if (found === undefined) throw new Error(`There is no test server: ${failure ?? 'no answer'}`);
  return found;
}

async function onServer(statement: string): Promise<void> {
  const { superuser } = await testServer();
  const client = await connect(superuser, { statementTimeoutMs: 0 });
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * Call it in `beforeAll` and `drop()` in `afterAll`. `empty` gives a database without schemas and migrations.
 */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { superuser: admin, template } = await testServer();
  const name = `trilock_test_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}${options.empty === true ? '' : ` TEMPLATE ${template}`}`);
  const superuser = { ...admin, database: name };
  // Who may connect is not copied from a template.
  const guests = DATABASE_SCHEMAS.map((schema) => LOGIN_ROLES[schema]).join(', ');
  if (options.empty !== true) {
    await onServer(
      `REVOKE ALL ON DATABASE ${name} FROM PUBLIC; GRANT CONNECT, CREATE ON DATABASE ${name} TO ${OWNER_ROLE}; GRANT CONNECT ON DATABASE ${name} TO ${guests}`,
    );
  }
  const as = (schema: DatabaseSchema): PostgresConfig => ({
    ...superuser,
    user: LOGIN_ROLES[schema],
    password: TEST_ROLE_PASSWORD,
  });
  return {
    name,
    superuser,
    owner: { ...superuser, role: OWNER_ROLE },
    app: as('app'),
    ledger: as('ledger'),
    signer: as('signer'),
    drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}
