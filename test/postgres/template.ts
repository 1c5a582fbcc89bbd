import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  bootstrapDatabase,
  connect,
  DATABASE_SCHEMAS,
  deployMigrations,
  type PostgresConfig,
} from '../../src/postgres/index.ts';

export interface TestServer {
  readonly superuser: PostgresConfig;
  /** A migrated database that tests copy and never connect to. */
  readonly template: string;
}

/** The login roles are shared by every run on one server, so their password is the same in every run. */
export const TEST_ROLE_PASSWORD = 'only for tests';

const TEMPLATE_KEY = 7_203_014;

async function hashOfMigrations(): Promise<string> {
  const hash = createHash('sha256');
  for (const schema of DATABASE_SCHEMAS) {
    const folder = join(import.meta.dirname, '..', '..', 'prisma', schema, 'migrations');
    const files = await readdir(folder, { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.sql')).sort()) {
      hash.update(`${schema}/${file}\0`).update(await readFile(join(folder, file)));
    }
  }
  hash.update(await readFile(join(import.meta.dirname, '..', '..', 'src', 'postgres', 'bootstrap.ts')));
  return hash.digest('hex').slice(0, 16);
}

/** Builds the template once per set of migrations; runs that share a server wait for each other. */
export async function ensureTemplate(superuser: PostgresConfig): Promise<TestServer> {
  const template = `trilock_template_${await hashOfMigrations()}`;
  const client = await connect(superuser, { statementTimeoutMs: 0 });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_KEY]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (rowCount === 0) {
      const working = `${template}_partial`;
      await client.query(`DROP DATABASE IF EXISTS ${working}`);
      await client.query(`CREATE DATABASE ${working}`);
      const config = { ...superuser, database: working };
      const passwords = {
        app: TEST_ROLE_PASSWORD,
        ledger: TEST_ROLE_PASSWORD,
        signer: TEST_ROLE_PASSWORD,
      };
      await bootstrapDatabase(config, { passwords });
      for (const schema of DATABASE_SCHEMAS) await deployMigrations(config, schema);
      await client.query(`ALTER DATABASE ${working} RENAME TO ${template}`);
    }
  } finally {
    await client.end();
  }
  return { superuser, template };
}
