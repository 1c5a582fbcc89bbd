import { systemClock } from '../../shared/index.ts';
import {
  bootstrapDatabase,
  connect,
  DATABASE_SCHEMAS,
  deployMigrations,
  LOGIN_ROLES,
  parsePostgresUrl,
  postgresUrl,
  startEmbeddedServer,
  type DatabaseSchema,
  type EmbeddedServer,
} from '../../postgres/index.ts';
import { keptSecret, openDataDirectory, type DataDirectory } from './data-directory.ts';
import { awaitOrphans, Household, type Keeper } from './household.ts';
import { furnish } from './furnish.ts';
import { ensureInstitution, institutionPlaces } from './institution.ts';
import { writeSandboxFacts, type SandboxFacts } from './sandbox-facts.ts';
import { startProcesses, type DatabaseUrls } from './start-processes.ts';
import type { SettingsOf } from '../settings/index.ts';

export interface SandboxOptions {
  readonly settings: SettingsOf<'sandbox'>;
  readonly root: string;
  /** Progress for the person who waits: one short line each. */
  readonly say: (line: string) => void;
  /** Who starts the processes and keeps them alive; a test may bring its own. */
  readonly household?: (directory: DataDirectory) => Keeper;
}

export interface Sandbox {
  readonly facts: SandboxFacts;
  readonly directory: string;
  /** The database server went away by itself. */
  readonly failed: Promise<Error>;
  readonly stop: () => Promise<void>;
}

/** A second signer keeps its record apart; two hosts would have two servers. */
const SECOND_DATABASE = 'trilock_second';

async function secondDatabase(server: EmbeddedServer, password: string): Promise<string> {
  const admin = await connect(server.config);
  try {
    const known = await admin.query('SELECT FROM pg_database WHERE datname = $1', [SECOND_DATABASE]);
    if (known.rowCount === 0) await admin.query(`CREATE DATABASE ${SECOND_DATABASE}`);
  } finally {
    await admin.end();
  }
  const config = { ...server.config, database: SECOND_DATABASE };
  await bootstrapDatabase(config, { schemas: ['signer'] });
  await deployMigrations(config, 'signer');
  return postgresUrl({ ...config, user: LOGIN_ROLES.signer, password });
}

async function startDatabase(
  directory: DataDirectory,
  signers: number,
): Promise<{ server: EmbeddedServer; urls: DatabaseUrls }> {
  const server = await startEmbeddedServer({ directory: directory.postgres });
  const passwords = {
    app: await keptSecret(directory, 'app-database-password'),
    ledger: await keptSecret(directory, 'ledger-database-password'),
    signer: await keptSecret(directory, 'signer-database-password'),
  };
  await bootstrapDatabase(server.config, { passwords });
  const urls: Partial<Record<DatabaseSchema, string>> = {};
  for (const schema of DATABASE_SCHEMAS) {
    await deployMigrations(server.config, schema);
    urls[schema] = postgresUrl({ ...server.config, user: LOGIN_ROLES[schema], password: passwords[schema] });
  }
  const second = signers === 2 ? { second: await secondDatabase(server, passwords.signer) } : {};
  return { server, urls: { ...(urls as Record<DatabaseSchema, string>), ...second } };
}

/**
 * Starts database, node and every process. Whatever has started is stopped again when a later part fails.
 * @throws the first part's error, which names that part.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { say, root } = options;
  const startedAtMs = systemClock.nowMs();
  const directory = await openDataDirectory(root);
  const household = options.household?.(directory) ?? new Household(directory, say);
  let server: EmbeddedServer | undefined;
  const stop = async (): Promise<void> => {
    await household.stop();
    await server?.stop();
    await directory.release();
  };
  try {
    await awaitOrphans(directory);
    const { settings } = options;
    const database = await startDatabase(directory, Number(settings.TRILOCK_SANDBOX_SIGNERS ?? 1));
    server = database.server;
    say(
      `PostgreSQL ${server.adopted ? 'was still running and is taken over' : 'is up'} on port ${server.config.port}`,
    );
    const { urls } = database;
    const institution = await ensureInstitution(directory, parsePostgresUrl(urls.app));
    const facts = await startProcesses({ household, directory, urls, institution, settings, say });
    const places = institutionPlaces(directory.root);
    await furnish({ ...facts, institution, places, hot: urls.second !== undefined });
    await writeSandboxFacts(root, facts);
    say(`everything runs after ${((systemClock.nowMs() - startedAtMs) / 1_000).toFixed(1)} s`);
    const failed = server.exited.then(() => new Error('the database server has ended'));
    return { facts, directory: root, failed, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
