import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm';
import { PostgresError } from '../errors.ts';
import type { DatabaseSchema } from '../roles.ts';

/** The folder `prisma/` of this installation. */
export const PRISMA_FOLDER = join(import.meta.dirname, '..', '..', '..', 'prisma');

const NAME = /^[0-9]{14}_[a-z0-9_]+$/;

export function migrationsFolder(schema: DatabaseSchema): string {
  return join(PRISMA_FOLDER, schema, 'migrations');
}

/**
 * The migrations of a schema, oldest first, as the engine wants them.
 * @throws PostgresError `migration_files_invalid` for a folder that is misnamed or holds no migration.
 */
export async function readMigrations(
  schema: DatabaseSchema,
  folder = migrationsFolder(schema),
): Promise<MigrationList> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrationDirectories = await Promise.all(
    names.sort().map(async (name) => {
      const path = join(folder, name, 'migration.sql');
      const value = await readFile(path, 'utf8').catch(() => undefined);
      if (!NAME.test(name) || value === undefined) {
        throw new PostgresError(
          'migration_files_invalid',
          `${join(folder, name)} must be named <14 digits>_<name> and hold migration.sql.`,
        );
      }
      return { path: name, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } };
    }),
  );
  return {
    baseDir: folder,
    lockfile: { path: './migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories,
  };
}

/** The first `count` of a list. */
export function firstMigrations(list: MigrationList, count: number): MigrationList {
  return { ...list, migrationDirectories: list.migrationDirectories.slice(0, count) };
}
