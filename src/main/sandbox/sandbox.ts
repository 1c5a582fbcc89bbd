import { systemClock } from '../../shared/index.ts';
import {
  bootstrapDatabase,
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
import { startProcesses } from './start-processes.ts';
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

async function startDatabase(
  directory: DataDirectory,
): Promise<{ server: EmbeddedServer; urls: Record<DatabaseSchema, string> }> {
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
  return { server, urls: urls as Record<DatabaseSchema, string> };
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
    const database = await startDatabase(directory);
    server = database.server;
    say(
      `PostgreSQL ${server.adopted ? 'was still running and is taken over' : 'is up'} on port ${server.config.port}`,
    );
    const { settings } = options;
    const { urls } = database;
    const institution = await ensureInstitution(directory, directory.signer, parsePostgresUrl(urls.app));
    const facts = await startProcesses({ household, directory, urls, institution, settings, say });
    await furnish({ ...facts, institution, places: institutionPlaces(directory.root) });
    await writeSandboxFacts(root, facts);
    say(`everything runs after ${((systemClock.nowMs() - startedAtMs) / 1_000).toFixed(1)} s`);
    const failed = server.exited.then(() => new Error('the database server has ended'));
    return { facts, directory: root, failed, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
