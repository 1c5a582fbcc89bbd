import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresError, errorCode } from '../errors.ts';
import type { ServerBinaries } from './binaries.ts';
import { attempt, makePrivateDirectory, type ServerHome } from './server-home.ts';
import { failureInLog } from './server-log.ts';
import type { ServerUser } from './server-user.ts';

export const SUPERUSER = 'postgres';

/** Nothing of our own environment reaches the server: `PGDATA`, `PGPORT` and their like would redirect it. */
export const SERVER_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/**
 * The superuser's password, made at the first start and kept in `password` (mode 0600, ours).
 * @throws PostgresError `password_lost` when the cluster exists and the file does not.
 */
export async function readOrMakePassword(home: ServerHome): Promise<string> {
  const path = join(home.directory, 'password');
  try {
    const password = (await readFile(path, 'utf8')).trim();
    if (password !== '') return password;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw new PostgresError('directory_unwritable', `Cannot read ${path}.`, { cause: error });
    }
  }
  if (existsSync(join(home.clusterHome, 'data'))) {
    throw new PostgresError(
      'password_lost',
      `The database exists but its password file ${path} is missing or empty.`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  await attempt(home.directory, () => writeDurably(path, `${password}\n`));
  return password;
}

/** Whole or not at all, and on the disk before anything is encrypted to it. */
async function writeDurably(path: string, text: string): Promise<void> {
  const working = `${path}.${process.pid}.partial`;
  const file = await open(working, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(working, path);
}

interface ClusterPlan {
  readonly home: ServerHome;
  readonly binaries: ServerBinaries;
  readonly user: ServerUser | undefined;
  readonly password: string;
  readonly durable: boolean;
}

/** Makes the cluster unless it exists, under a working name first: a crash half-way leaves nothing behind. */
export async function ensureCluster(plan: ClusterPlan): Promise<string> {
  const { home, binaries, user, password } = plan;
  const data = join(home.clusterHome, 'data');
  if (existsSync(data)) {
    await checkVersion(data, binaries);
    return data;
  }
  const working = join(home.clusterHome, 'data.partial');
  await attempt(home.clusterHome, () => rm(working, { recursive: true, force: true }));
  await makePrivateDirectory(working, user);
  const cluster = join(working, 'data');
  const passwordFile = join(working, 'password');
  await attempt(working, async () => {
    await mkdir(cluster, { mode: 0o700 });
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
    if (user === undefined) return;
    await chown(cluster, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  });
  await runInitdb(plan, cluster, passwordFile);
  await attempt(home.clusterHome, () => rename(cluster, data));
  await rm(working, { recursive: true, force: true });
  return data;
}

async function checkVersion(data: string, binaries: ServerBinaries): Promise<void> {
  const made = (await attempt(data, () => readFile(join(data, 'PG_VERSION'), 'utf8'))).trim();
  const ours = binaries.version.split('.')[0];
  if (made !== ours) {
    throw new PostgresError(
      'version_mismatch',
      `The database in ${data} is of PostgreSQL ${made}, and the embedded server is ${ours ?? '?'}; dump it with the old one and restore it.`,
    );
  }
}

async function runInitdb(
  { binaries, user, durable }: ClusterPlan,
  cluster: string,
  passwordFile: string,
): Promise<void> {
  const args = [
    `--pgdata=${cluster}`,
    `--pwfile=${passwordFile}`,
    `--username=${SUPERUSER}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order of text on every machine, whatever its C library.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    ...(durable ? [] : ['--no-sync']),
  ];
  const child = spawn(binaries.initdb, args, { ...user, cwd: '/', env: SERVER_ENVIRONMENT });
  const output: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw failureInLog(output.join(''), cluster, undefined);
}
