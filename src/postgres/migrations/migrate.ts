import type { MigrationList } from '@prisma/schema-engine-wasm';
import type pg from 'pg';
import type { PostgresConfig } from '../config.ts';
import { PostgresError } from '../errors.ts';
import { connect } from '../pool.ts';
import { LOGIN_ROLES, OWNER_ROLE, type DatabaseSchema } from '../roles.ts';
import { firstMigrations, migrationsFolder, readMigrations } from './migration-files.ts';
import { withEngine, type EngineSession } from './schema-engine.ts';

export type MigrationState =
  /** Every migration that we have is applied, and no other. */
  | 'current'
  /** Some of ours are still to be applied. */
  | 'behind'
  /** The database holds migrations that we do not have: it belongs to a newer program. */
  | 'unknown'
  /** A migration was changed after it had been applied. */
  | 'edited'
  /** A migration began, committed by itself and did not end: only a restore helps. */
  | 'unfinished';

export interface MigrationStatus {
  readonly schema: DatabaseSchema;
  readonly state: MigrationState;
  /** Names of ours that are to be applied, oldest first. */
  readonly pending: readonly string[];
  /** Names in the database that we do not have. */
  readonly unknown: readonly string[];
  /** Names whose text differs from what was applied. */
  readonly edited: readonly string[];
  /** Names that began and did not end. */
  readonly unfinished: readonly string[];
}

export interface DeployResult {
  readonly schema: DatabaseSchema;
  /** Names that this call applied, oldest first; empty when the schema was current. */
  readonly applied: readonly string[];
}

export interface MigrationOptions {
  /** Default: this installation's `prisma/<schema>/migrations`. */
  readonly folder?: string;
}

/** The advisory lock that serializes migrations of one database; any constant that nobody else uses. */
const MIGRATION_KEY = 7_203_012;
const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * Compares a schema with our migrations. Needs only the schema's login role.
 * @throws PostgresError `schema_missing` when the database was not bootstrapped.
 */
export async function migrationStatus(
  config: PostgresConfig,
  schema: DatabaseSchema,
  options: MigrationOptions = {},
): Promise<MigrationStatus> {
  const list = await readMigrations(schema, options.folder ?? migrationsFolder(schema));
  return withConnection(config, schema, (client) =>
    withEngine(client, schema, (session) => diagnose(session, schema, list)),
  );
}

/**
 * Applies what is missing, each migration in one transaction with the note that it was applied, so a crash
 * leaves none half done. Concurrent calls wait for each other, and the later ones find nothing to do. `config` signs
 * in as somebody who may take on the owner's role.
 * @throws PostgresError `migration_failed`, `migration_edited`, `migration_unknown`, `migration_files_invalid`,
 * `schema_missing`.
 */
export async function deployMigrations(
  config: PostgresConfig,
  schema: DatabaseSchema,
  options: MigrationOptions = {},
): Promise<DeployResult> {
  const list = await readMigrations(schema, options.folder ?? migrationsFolder(schema));
  const asOwner = { ...config, role: OWNER_ROLE };
  return withConnection(asOwner, schema, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_KEY]);
    return withEngine(client, schema, async (session) => {
      const status = await diagnose(session, schema, list);
      refuseForeignHistory(status);
      for (const name of status.pending) await applyOne(client, session, schema, upTo(list, name), name);
      return { schema, applied: status.pending };
    });
  });
}

function upTo(list: MigrationList, name: string): MigrationList {
  return firstMigrations(list, 1 + list.migrationDirectories.findIndex(({ path }) => path === name));
}

async function diagnose(
  { engine }: EngineSession,
  schema: DatabaseSchema,
  list: MigrationList,
): Promise<MigrationStatus> {
  const diagnosis = await engine.diagnoseMigrationHistory({
    migrationsList: list,
    optInToShadowDatabase: false,
    filters: NO_FILTERS,
  });
  const ours = list.migrationDirectories.map(({ path }) => path);
  const { history, editedMigrationNames: edited, failedMigrationNames: unfinished } = diagnosis;
  const pending = !diagnosis.hasMigrationsTable
    ? ours
    : history !== null && 'unappliedMigrationNames' in history
      ? history.unappliedMigrationNames
      : [];
  const unknown =
    history !== null && 'unpersistedMigrationNames' in history ? history.unpersistedMigrationNames : [];
  const lists = { pending, unknown, edited, unfinished };
  return { schema, state: stateOf(lists), ...lists };
}

/** The worst first. */
function stateOf(lists: Omit<MigrationStatus, 'schema' | 'state'>): MigrationState {
  if (lists.unknown.length > 0) return 'unknown';
  if (lists.unfinished.length > 0) return 'unfinished';
  if (lists.edited.length > 0) return 'edited';
  return lists.pending.length > 0 ? 'behind' : 'current';
}

function refuseForeignHistory({ schema, unknown, edited, unfinished }: MigrationStatus): void {
  if (unknown.length > 0) {
    throw new PostgresError(
      'migration_unknown',
      `The schema ${schema} belongs to a newer program: it has ${unknown.join(', ')}, which this one does not know.`,
      { details: { schema, migrations: unknown } },
    );
  }
  if (unfinished.length > 0) {
    throw new PostgresError(
      'migration_failed',
      `The schema ${schema} holds half of ${unfinished.join(', ')}, which committed by itself: restore a backup.`,
      { details: { schema, migrations: unfinished } },
    );
  }
  if (edited.length > 0) {
    throw new PostgresError(
      'migration_edited',
      `The schema ${schema} was made by another text of ${edited.join(', ')}; applied migrations are never edited.`,
      { details: { schema, migrations: edited } },
    );
  }
}

async function applyOne(
  client: pg.Client,
  session: EngineSession,
  schema: DatabaseSchema,
  migrationsList: MigrationList,
  name: string,
): Promise<void> {
  const fail = (reason: string, cause?: unknown) =>
    new PostgresError(
      'migration_failed',
      `The migration ${schema}/${name} failed and was undone: ${reason}`,
      {
        details: { schema, migration: name },
        cause,
      },
    );
  await client.query('BEGIN');
  try {
    const before = await transactionId(client);
    await session.engine.applyMigrations({ migrationsList, filters: NO_FILTERS });
    if ((await transactionId(client)) !== before) throw fail('it commits by itself, which is not allowed');
    await client.query(`GRANT SELECT ON _prisma_migrations TO ${LOGIN_ROLES[schema]}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    if (error instanceof PostgresError) throw error;
    const said = session.lastScriptError();
    throw said === undefined ? error : fail(said.message, said);
  }
}

async function transactionId(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]?.id ?? '';
}

/** One connection: the lock, the transaction and the engine share it, and it takes the lock along when it goes. */
async function withConnection<T>(
  config: PostgresConfig,
  schema: DatabaseSchema,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  // A migration of a large table, or one that waits for another deployment, takes as long as it takes.
  const client = await connect(config, {
    applicationName: 'trilock migrate',
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
  });
  try {
    const { rows } = await client.query<{ present: boolean }>(
      `SELECT to_regnamespace($1) IS NOT NULL AS present, set_config('search_path', $1, false)`,
      [schema],
    );
    if (rows[0]?.present !== true) {
      throw new PostgresError(
        'schema_missing',
        `The database ${config.database} has no schema ${schema}: bootstrap it first.`,
      );
    }
    return await work(client);
  } finally {
    await client.end();
  }
}
