export * from './config.ts';
export { PostgresError, errorCode, type PostgresErrorCode } from './errors.ts';
export { connect, openPool, type Pool, type PoolClient, type PoolOptions, type Queryable } from './pool.ts';
export { withTransaction, type IsolationLevel, type TransactionOptions } from './transaction.ts';
export * from './roles.ts';
export { bootstrapDatabase, type BootstrapOptions } from './bootstrap.ts';
export {
  deployMigrations,
  migrationStatus,
  type DeployResult,
  type MigrationState,
  type MigrationStatus,
} from './migrations/migrate.ts';
export {
  startEmbeddedServer,
  type EmbeddedServer,
  type EmbeddedServerOptions,
} from './embedded/embedded-server.ts';
export { schemaDifference } from './migrations/schema-difference.ts';
export { freePort } from './embedded/port.ts';
