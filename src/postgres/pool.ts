import pg from 'pg';
import type { PostgresConfig } from './config.ts';

/** What runs a statement: a pool, or one connection inside a transaction. */
export type Queryable = Pick<pg.PoolClient, 'query'>;
export type Pool = pg.Pool;
export type PoolClient = pg.PoolClient;

export interface PoolOptions {
  /** Connections at most. Default 10. */
  readonly maxConnections?: number;
  /** A statement that runs longer is cancelled by the server. Default 30 s; 0 switches it off. */
  readonly statementTimeoutMs?: number;
  /** A transaction that sits idle longer loses its connection, and its locks with it. Default 60 s. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Told when an idle connection breaks (the server restarts); the pool replaces it by itself. */
  readonly onIdleError?: (error: Error) => void;
}

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

const { INT8 } = pg.types.builtins;
/** The driver parses arrays of `int8` too, and only its type does not name them. */
const INT8_ARRAY = 1016 as unknown as TypeId;
const parseTextArray = pg.types.getTypeParser(INT8_ARRAY) as (text: string) => unknown;

function toBigInts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toBigInts);
  return typeof value === 'string' ? BigInt(value) : value;
}

/** `bigint` columns arrive as bigint, never as a number or a string. `numeric` stays a string. */
const types: pg.CustomTypesConfig = {
  getTypeParser(id, format): unknown {
    if (format !== 'binary') {
      if (id === INT8) return BigInt;
      if (id === INT8_ARRAY) return (text: string) => toBigInts(parseTextArray(text));
    }
    return pg.types.getTypeParser(id, format);
  },
};

/** The settings for `pg` behind a configuration; connections begin in the configuration's role. */
export function clientConfig(config: PostgresConfig, options: PoolOptions = {}): pg.PoolConfig {
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.user,
    password: config.password,
    ...(config.tls === undefined ? {} : { ssl: { rejectUnauthorized: config.tls === 'verify' } }),
    ...(config.role === undefined ? {} : { options: `-c role=${config.role.replace(/([\\ ])/g, '\\$1')}` }),
    max: options.maxConnections ?? 10,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 60_000,
    application_name: options.applicationName ?? 'trilock',
    connectionTimeoutMillis: 10_000,
    types,
  };
}

const ignore = (): void => undefined;

/** A pool of connections. The caller ends it (`pool.end()`). */
export function openPool(config: PostgresConfig, options: PoolOptions = {}): Pool {
  const pool = new pg.Pool(clientConfig(config, options));
  // Without listeners, a connection that breaks while nobody waits on it would end the process: idle in the
  // pool, or lent out between two statements, where the next statement says so.
  pool.on('error', options.onIdleError ?? ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** One connection of its own, e.g. for a lock that lives as long as the process. The caller ends it. */
export async function connect(config: PostgresConfig, options: PoolOptions = {}): Promise<pg.Client> {
  const client = new pg.Client(clientConfig(config, options));
  client.on('error', options.onIdleError ?? ignore);
  await client.connect();
  return client;
}
