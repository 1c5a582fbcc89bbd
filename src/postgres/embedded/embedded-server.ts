import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { PostgresConfig } from '../config.ts';
import { PostgresError } from '../errors.ts';
import { findBinaries } from './binaries.ts';
import { clusterOwner, prepareServerHome, SHARED_HOME } from './server-home.ts';
import { ensureCluster, readOrMakePassword, SERVER_ENVIRONMENT, SUPERUSER } from './cluster.ts';
import { checkPort, freePort } from './port.ts';
import { disownPostmasterFile, isServerOf, processExists, readPostmasterFile } from './postmaster-file.ts';
import { failureInLog, openServerLog, readLogSince } from './server-log.ts';
import { findServerUser, type ServerUser } from './server-user.ts';
import { superviseServer } from './supervision.ts';

export interface EmbeddedServerOptions {
  /** Made when missing. Holds password and log, and the cluster unless only root may enter it (see `clusterHome`). */
  readonly directory: string;
  /** On 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** False switches fsync off: for tests alone. Default true. */
  readonly durable?: boolean;
  /** Default 200. */
  readonly maxConnections?: number;
}

export interface EmbeddedServer {
  /** The superuser, on the database `postgres`. */
  readonly config: PostgresConfig;
  readonly pid: number;
  /** True when the server was already running, left behind by a supervisor that was killed. */
  readonly adopted: boolean;
  /** Resolves when the server has gone, asked or not. */
  readonly exited: Promise<void>;
  /** Ends all sessions, writes a checkpoint and waits until the server has gone. */
  stop(): Promise<void>;
}

interface Site {
  readonly dataDirectory: string;
  readonly logPath: string;
  readonly postgres: string;
  readonly password: string;
  readonly user: ServerUser | undefined;
}

const POLL_MS = 25;
/** Crash recovery replays at most a few minutes of log; longer means that something else is wrong. */
const READY_WITHIN_MS = 300_000;
const STOP_WITHIN_MS = 60_000;
const STARTS_AT_MOST = 20;

/**
 * Starts PostgreSQL in `directory`, or takes over the one that a killed supervisor left running there. As root
 * the server runs as the user `postgres`. It listens on loopback TCP only, with a password.
 * @throws PostgresError with one line for the operator: `already_running`, `port_taken`, `disk_full`,
 * `directory_unwritable`, `directory_unreachable`, `password_lost`, `version_mismatch`, `platform_unsupported`,
 * `server_user_missing`, `start_failed`.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const site = await prepareSite(options);
  for (let attempt = 1; ; attempt++) {
    const adopted = await takeOverOrphan(site, options);
    if (adopted !== undefined) return adopted;
    try {
      return await launch(site, options);
    } catch (error) {
      const raced =
        error instanceof PostgresError &&
        (error.code === 'already_running' || (error.code === 'port_taken' && options.port === undefined));
      if (!raced || attempt === STARTS_AT_MOST) throw error;
      await sleep(POLL_MS * 10);
    }
  }
}

async function prepareSite({ directory, durable }: EmbeddedServerOptions): Promise<Site> {
  const us = findServerUser();
  const home = await prepareServerHome(directory, us);
  const binaries = await findBinaries(us, us === undefined ? home.clusterHome : SHARED_HOME);
  const user = await clusterOwner(join(home.clusterHome, 'data'), us);
  const password = await readOrMakePassword(home);
  const dataDirectory = await ensureCluster({ home, binaries, user, password, durable: durable !== false });
  return {
    dataDirectory,
    logPath: join(home.directory, 'postgres.log'),
    postgres: binaries.postgres,
    password,
    user,
  };
}

function superuserConfig(site: Site, port: number): PostgresConfig {
  return { host: '127.0.0.1', port, database: 'postgres', user: SUPERUSER, password: site.password };
}

/** A live server without a supervisor is adopted when it suits, else stopped. Undefined: none is left. */
async function takeOverOrphan(
  site: Site,
  options: EmbeddedServerOptions,
): Promise<EmbeddedServer | undefined> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const file = await readPostmasterFile(site.dataDirectory);
    if (file === undefined) return undefined;
    if (!(await isServerOf(site.dataDirectory, file.pid))) {
      if (processExists(file.pid)) await disownPostmasterFile(site.dataDirectory);
      return undefined;
    }
    const config = superuserConfig(site, file.port);
    const supervision = await superviseServer(config, site.dataDirectory);
    if (supervision.outcome === 'refused') {
      throw new PostgresError(
        'already_running',
        `The server in ${site.dataDirectory} is in use by another process.`,
      );
    }
    if (supervision.outcome === 'taken') {
      const suits = options.port === undefined || options.port === file.port;
      if (suits) return handle(site, config, file.pid, supervision.client, undefined);
      await supervision.client.end();
    }
    const wait = supervision.outcome === 'unreachable' && (supervision.starting || file.status !== 'ready');
    if (!wait || Date.now() > deadline) {
      await stopProcess(site, file.pid);
      return undefined;
    }
    await sleep(POLL_MS);
  }
}

async function launch(site: Site, options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const port = options.port ?? (await freePort());
  await checkPort(port);
  const log = await openServerLog(site.logPath);
  try {
    const logStart = (await log.stat()).size;
    const child = spawn(site.postgres, ['-D', site.dataDirectory, ...settings(port, options)], {
      ...site.user,
      cwd: '/',
      env: SERVER_ENVIRONMENT,
      stdio: ['ignore', log.fd, log.fd],
      // A Ctrl-C at the terminal is for the supervisor, which stops the database last.
      detached: true,
    });
    const failure = await waitUntilReady(site, child);
    if (failure === undefined && child.pid !== undefined) {
      const config = superuserConfig(site, port);
      const supervision = await superviseServer(config, site.dataDirectory);
      if (supervision.outcome === 'taken') return handle(site, config, child.pid, supervision.client, child);
    }
    if (child.pid !== undefined) await stopProcess(site, child.pid);
    const cause = failure?.message ?? '';
    throw failureInLog(`${await readLogSince(log, logStart)}${cause}`, site.dataDirectory, port);
  } finally {
    await log.close();
  }
}

function settings(port: number, options: EmbeddedServerOptions): string[] {
  const values: Record<string, string | number> = {
    port,
    listen_addresses: '127.0.0.1',
    // No socket file: its folder would have to exist and be writable for the server's user.
    unix_socket_directories: '',
    max_connections: options.maxConnections ?? 200,
    password_encryption: 'scram-sha-256',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(options.durable === false ? NOT_DURABLE : {}),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

const NOT_DURABLE = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  autovacuum: 'off',
};

/** Undefined when the server is ready, else why it is not. */
async function waitUntilReady(site: Site, child: ChildProcess): Promise<Error | undefined> {
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  child.once('exit', (code) => (failure = new Error(`exit code ${code ?? 'none'}`)));
  const deadline = Date.now() + READY_WITHIN_MS;
  while (failure === undefined) {
    const file = await readPostmasterFile(site.dataDirectory);
    if (file?.pid === child.pid && file?.status === 'ready') return undefined;
    if (Date.now() > deadline) return new Error('it was not ready in time');
    await sleep(POLL_MS);
  }
  return failure;
}

function handle(
  site: Site,
  config: PostgresConfig,
  pid: number,
  supervision: pg.Client,
  child: ChildProcess | undefined,
): EmbeddedServer {
  // The server ends every session when it goes, ours too, whether it is our child or an adopted one.
  const exited = new Promise<void>((resolve) => supervision.once('end', resolve)).then(() =>
    waitUntilGone(site, pid, Number.POSITIVE_INFINITY),
  );
  child?.unref();
  return {
    config,
    pid,
    adopted: child === undefined,
    exited,
    stop: async () => {
      await supervision.end().catch(() => undefined);
      await stopProcess(site, pid);
    },
  };
}

/** SIGINT is PostgreSQL's fast shutdown; SIGQUIT drops everything, and the next start recovers. */
async function stopProcess(site: Site, pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!(await isServerOf(site.dataDirectory, pid))) return;
    sendSignal(pid, signal);
    await waitUntilGone(site, pid, STOP_WITHIN_MS);
  }
}

async function waitUntilGone(site: Site, pid: number, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while ((await isServerOf(site.dataDirectory, pid)) && Date.now() < deadline) await sleep(POLL_MS);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between the look and the shot.
  }
}
