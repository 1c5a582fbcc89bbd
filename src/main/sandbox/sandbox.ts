import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../shared/index.ts';
import {
  bootstrapDatabase,
  DATABASE_SCHEMAS,
  deployMigrations,
  LOGIN_ROLES,
  postgresUrl,
  startEmbeddedServer,
  type DatabaseSchema,
  type EmbeddedServer,
} from '../../postgres/index.ts';
import { Child } from './child.ts';
import { keptSecret, openDataDirectory, type DataDirectory } from './data-directory.ts';
import { freePort } from './free-port.ts';
import { waitUntilGone } from './processes.ts';
import type { SettingsOf } from '../settings/index.ts';

/** Processes of a sandbox that was killed get this long to notice and stop by themselves. */
const ORPHAN_GRACE_MS = 10_000;

export interface SandboxOptions {
  readonly settings: SettingsOf<'sandbox'>;
  readonly root: string;
  /** Progress for the person who waits: one short line each. */
  readonly say: (line: string) => void;
}

export interface Sandbox {
  readonly url: string;
  readonly directory: string;
  /** The database server went away by itself. */
  readonly failed: Promise<Error>;
  readonly stop: () => Promise<void>;
}

type Settings = Readonly<Record<string, string>>;

/** Everything that `npm start` runs, in the order in which it was started. */
class Household {
  readonly #directory: DataDirectory;
  readonly #say: (line: string) => void;
  readonly #children: Child[] = [];

  constructor(directory: DataDirectory, say: (line: string) => void) {
    this.#directory = directory;
    this.#say = say;
  }

  async start(role: string, settings: Settings): Promise<Readonly<Record<string, string>>> {
    const child = new Child({
      role,
      settings,
      logFile: join(this.#directory.logs, `${role}.log`),
      onRestart: (name, why) => {
        this.#say(`${name} ended (${why}) and is started again`);
      },
      onSpawn: () => this.#remember(),
    });
    this.#children.push(child);
    return child.start();
  }

  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) await child.stop();
  }

  /** Notes who runs, so that a sandbox after a crash can wait for those who are still stopping. */
  #remember(): void {
    const pids = this.#children.flatMap(({ role, pid }) => (pid === undefined ? [] : [[role, pid]]));
    writeFile(join(this.#directory.root, 'children.json'), JSON.stringify(pids), { mode: 0o600 }).catch(
      (thrown: unknown) => this.#say(`the list of processes cannot be written: ${String(thrown)}`),
    );
  }
}

async function awaitOrphans(directory: DataDirectory): Promise<void> {
  const text = await readFile(join(directory.root, 'children.json'), 'utf8').catch(() => '[]');
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    entries = [];
  }
  if (!Array.isArray(entries)) return;
  for (const [role, pid] of entries as [string, number][]) await waitUntilGone(pid, role, ORPHAN_GRACE_MS);
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

const MONITORED = ['ledger', 'witness', 'signer', 'worker', 'api', 'node'] as const;

async function startProcesses(
  household: Household,
  directory: DataDirectory,
  urls: Record<DatabaseSchema, string>,
  options: SandboxOptions,
): Promise<string> {
  const { settings, say } = options;
  const socket = (name: string): string => join(directory.sockets, name);
  const monitor = (name: string): string => socket(`${name}.mon`);
  const common = (name: string): Settings => ({
    TRILOCK_LOG_LEVEL: settings.TRILOCK_LOG_LEVEL,
    TRILOCK_SHUTDOWN_SECONDS: String(settings.TRILOCK_SHUTDOWN_SECONDS),
    TRILOCK_MONITOR: monitor(name),
  });
  const network = { TRILOCK_NETWORK: 'regtest' };

  const node = await household.start('node', {
    ...common('node'),
    TRILOCK_DATA_DIRECTORY: directory.chain,
    // A port chosen here, so that a node that is started again is found where it was.
    TRILOCK_NODE_RPC_PORT: String(await freePort()),
    ...(settings.BITCOIND_BIN === undefined ? {} : { BITCOIND_BIN: settings.BITCOIND_BIN }),
  });
  say(`Bitcoin node (${node['kind'] ?? ''}, regtest) at ${node['url'] ?? ''}`);
  const chain: Settings = {
    TRILOCK_BITCOIN_RPC_URL: node['url'] ?? '',
    TRILOCK_BITCOIN_RPC_COOKIE_FILE: node['cookieFile'] ?? '',
  };

  const ledger = { TRILOCK_LEDGER_SOCKET: socket('ledger') };
  await household.start('ledger', {
    ...common('ledger'),
    ...ledger,
    TRILOCK_LEDGER_DATABASE_URL: urls.ledger,
  });
  const witness = { TRILOCK_WITNESS_SOCKET: socket('witness') };
  await household.start('witness', {
    ...common('witness'),
    ...witness,
    TRILOCK_WITNESS_DIRECTORY: directory.witness,
  });
  await household.start('signer', {
    ...common('signer'),
    ...network,
    ...witness,
    TRILOCK_SIGNER_SOCKET: socket('signer'),
    TRILOCK_SIGNER_DATABASE_URL: urls.signer,
    TRILOCK_SIGNER_DIRECTORY: directory.signer,
    TRILOCK_SIGNER_BACKUP_DIRECTORIES: directory.backups.join(','),
  });
  await household.start('worker', {
    ...common('worker'),
    ...network,
    ...chain,
    ...ledger,
    DATABASE_URL: urls.app,
  });
  say('ledger, witness, signer and worker run');
  const others = MONITORED.filter((name) => name !== 'api').map((name) => `${name}=${monitor(name)}`);
  const api = await household.start('api', {
    ...common('api'),
    ...network,
    ...chain,
    ...ledger,
    DATABASE_URL: urls.app,
    TRILOCK_HTTP_SECRETS: await keptSecret(directory, 'http-secret'),
    TRILOCK_HTTP_HOST: settings.TRILOCK_HTTP_HOST,
    TRILOCK_HTTP_PORT: String(settings.TRILOCK_HTTP_PORT || (await freePort())),
    TRILOCK_MONITORS: others.join(','),
  });
  return api['url'] ?? '';
}

/**
 * Starts database, node and every process. Whatever has started is stopped again when a later part fails.
 * @throws the first part's error, which names that part.
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { say, root } = options;
  const startedAtMs = systemClock.nowMs();
  const directory = await openDataDirectory(root);
  const household = new Household(directory, say);
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
    const url = await startProcesses(household, directory, database.urls, options);
    say(`everything runs after ${((systemClock.nowMs() - startedAtMs) / 1_000).toFixed(1)} s`);
    const failed = server.exited.then(() => new Error('the database server has ended'));
    return { url, directory: root, failed, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}
