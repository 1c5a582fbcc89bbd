import { PrismaPg } from '@prisma/adapter-pg';
import { openPool, type PoolOptions, type PostgresConfig } from '../postgres/index.ts';
import { PrismaClient } from './generated/client.ts';

/** The tables of the application, typed. `bigint` columns are bigint. */
export type Database = PrismaClient;

/**
 * Opens the application's database as the role in `config` (`trilock_app`). Connections are made when needed.
 * The caller ends it with `$disconnect()`, which closes its pool too.
 */
export function openDatabase(config: PostgresConfig, options: PoolOptions = {}): Database {
  const pool = openPool(config, options);
  return new PrismaClient({
    adapter: new PrismaPg(pool, { schema: 'app', disposeExternalPool: true }),
    errorFormat: 'minimal',
  });
}
