import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresConfig } from './config.ts';
import { errorCode, PostgresError } from './errors.ts';
import { openPool, type Queryable } from './pool.ts';
import { DATABASE_SCHEMAS, LOGIN_ROLES, OWNER_ROLE, type DatabaseSchema } from './roles.ts';
import { withTransaction } from './transaction.ts';

export interface BootstrapOptions {
  /** The schemas that live in this database. Default: all three. */
  readonly schemas?: readonly DatabaseSchema[];
  /** The passwords of the login roles; a role without one keeps the password it has, or has none. */
  readonly passwords?: Partial<Readonly<Record<DatabaseSchema, string>>>;
}

/** Unique violation, duplicate object, and "tuple concurrently updated" (an internal error without a code of its own). */
const COLLISIONS = new Set(['23505', '42710', 'XX000']);
const ATTEMPTS = 10;

/**
 * Prepares a database: creates the owner and the login roles where they are missing, the schemas, and who may
 * connect. May be repeated. `admin` is a superuser, or may create roles and owns the database; it becomes a
 * member of the owner's role, so it can migrate.
 * @throws PostgresError `bootstrap_refused`.
 */
export async function bootstrapDatabase(
  admin: PostgresConfig,
  options: BootstrapOptions = {},
): Promise<void> {
  const pool = openPool(admin, { maxConnections: 1 });
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await withTransaction(pool, (tx) => bootstrap(tx, admin.database, options));
        return;
      } catch (error) {
        // Roles belong to the whole cluster, and no lock spans two databases: somebody else made the same one.
        if (!COLLISIONS.has(errorCode(error) ?? '') || attempt === ATTEMPTS) throw error;
        await sleep(Math.random() * 20 * attempt);
      }
    }
  } catch (error) {
    if (errorCode(error) !== '42501') throw error;
    throw new PostgresError(
      'bootstrap_refused',
      `The user ${admin.user} may not create roles and schemas in ${admin.database}: a superuser must, or the owner of the database with CREATEROLE.`,
      { cause: error },
    );
  } finally {
    await pool.end();
  }
}

async function bootstrap(client: Queryable, database: string, options: BootstrapOptions): Promise<void> {
  const schemas = options.schemas ?? DATABASE_SCHEMAS;
  await ensureRole(client, OWNER_ROLE, 'NOLOGIN');
  for (const schema of schemas) {
    await ensureRole(client, LOGIN_ROLES[schema], 'LOGIN');
    await prepareRole(client, schema, options.passwords?.[schema]);
  }
  await client.query(`GRANT ${OWNER_ROLE} TO CURRENT_USER`);
  await prepareDatabase(client, database, schemas);
}

async function ensureRole(client: Queryable, role: string, login: 'LOGIN' | 'NOLOGIN'): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (rowCount === 0) await client.query(`CREATE ROLE ${role} ${login} NOINHERIT`);
}

async function prepareRole(client: Queryable, schema: DatabaseSchema, password?: string): Promise<void> {
  const role = LOGIN_ROLES[schema];
  // Unqualified names mean the role's own schema, and nothing anybody else could have put into `public`.
  await client.query(`ALTER ROLE ${role} SET search_path = ${schema}`);
  if (password === undefined) return;
  const { rows } = await client.query<{ literal: string }>('SELECT quote_literal($1) AS literal', [password]);
  await client.query(`ALTER ROLE ${role} PASSWORD ${rows[0]?.literal ?? ''}`);
}

async function prepareDatabase(
  client: Queryable,
  database: string,
  schemas: readonly DatabaseSchema[],
): Promise<void> {
  const { rows } = await client.query<{ name: string }>('SELECT quote_ident($1) AS name', [database]);
  const name = rows[0]?.name ?? '';
  await client.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await client.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  await client.query(`GRANT CONNECT, CREATE ON DATABASE ${name} TO ${OWNER_ROLE}`);
  for (const schema of schemas) {
    await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${LOGIN_ROLES[schema]}`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${OWNER_ROLE}`);
  }
}
