import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SchemaContainer } from '@prisma/schema-engine-wasm';
import type pg from 'pg';
import { bootstrapDatabase } from '../bootstrap.ts';
import type { PostgresConfig } from '../config.ts';
import { connect } from '../pool.ts';
import { OWNER_ROLE } from '../roles.ts';
import { PRISMA_FOLDER, readMigrations } from './migration-files.ts';
import { withEngine } from './schema-engine.ts';

/** Prisma's view of the tables of `app`: every file of `prisma/app/schema`. */
async function readSchemaFiles(): Promise<SchemaContainer[]> {
  const folder = join(PRISMA_FOLDER, 'app', 'schema');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.prisma')).sort();
  return Promise.all(
    names.map(async (name) => ({
      path: join(folder, name),
      content: await readFile(join(folder, name), 'utf8'),
    })),
  );
}

/**
 * The SQL that leads from what our migrations of `app` make to what `prisma/app/schema` describes; empty when
 * they agree. For developers and tests: `admin` creates and drops a database of its own on that server.
 */
export async function schemaDifference(admin: PostgresConfig): Promise<string> {
  const database = `trilock_shadow_${randomBytes(6).toString('hex')}`;
  const client = await connect(admin, { statementTimeoutMs: 0 });
  let shadow: pg.Client | undefined;
  try {
    await client.query(`CREATE DATABASE ${database}`);
    await bootstrapDatabase({ ...admin, database });
    const openShadow = async () => {
      shadow = await connect({ ...admin, database, role: OWNER_ROLE });
      await shadow.query('SET search_path = app');
      return shadow;
    };
    const from = await readMigrations('app');
    const to = { files: await readSchemaFiles() };
    const { stdout } = await withEngine(
      client,
      'app',
      ({ engine }) =>
        engine.diff({
          from: { tag: 'migrations', ...from },
          to: { tag: 'schemaDatamodel', ...to },
          script: true,
          exitCode: null,
          filters: { externalTables: [], externalEnums: [] },
        }),
      openShadow,
    );
    return stdout === null || stdout.includes('This is an empty migration') ? '' : stdout;
  } finally {
    await shadow?.end();
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await client.end();
  }
}
