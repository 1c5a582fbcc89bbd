import { createHash } from 'node:crypto';
import { chown, mkdir, readlink, stat, symlink, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { errorCode, fileSystemError, PostgresError } from '../errors.ts';
import { canEnter, type ServerUser } from './server-user.ts';

/** Of root's servers, what cannot lie in a folder that only root may enter. */
export const SHARED_HOME = '/var/lib/trilock';

export interface ServerHome {
  /** Password and log: ours, whoever runs the server. */
  readonly directory: string;
  /** Holds the cluster (`data`), reachable by the server's user. */
  readonly clusterHome: string;
}

/**
 * Prepares the folder of a server. The cluster lies in `directory`. When we are root and the server's user
 * cannot enter it (typically below `/root`, mode 700), the cluster lies in `/var/lib/trilock/<hash of
 * directory>` and the link `cluster` in `directory` points there.
 * @throws PostgresError `directory_unwritable`, `directory_unreachable`, `disk_full`.
 */
export async function prepareServerHome(path: string, user: ServerUser | undefined): Promise<ServerHome> {
  const directory = resolve(path);
  await attempt(directory, () => mkdir(directory, { recursive: true }));
  if (canEnter(user, directory)) return { directory, clusterHome: directory };
  if (userInfo().uid !== 0) {
    throw new PostgresError('directory_unreachable', `The folder ${directory} cannot be entered.`);
  }
  const hash = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const clusterHome = join(SHARED_HOME, hash);
  await attempt(clusterHome, () => mkdir(clusterHome, { recursive: true, mode: 0o755 }));
  if (!canEnter(user, clusterHome)) {
    throw new PostgresError(
      'directory_unreachable',
      `The user that runs PostgreSQL can enter neither ${directory} nor ${clusterHome}; choose another folder.`,
    );
  }
  await attempt(directory, () => pointTo(join(directory, 'cluster'), clusterHome));
  return { directory, clusterHome };
}

async function pointTo(link: string, target: string): Promise<void> {
  const current = await readlink(link).catch(() => undefined);
  if (current === target) return;
  if (current !== undefined) await unlink(link);
  await symlink(target, link);
}

/** A cluster that exists is run by whoever owns it, else by `user`. */
export async function clusterOwner(
  dataDirectory: string,
  user: ServerUser | undefined,
): Promise<ServerUser | undefined> {
  if (user === undefined) return undefined;
  try {
    const { uid, gid } = await stat(dataDirectory);
    return uid === 0 ? user : { uid, gid };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return user;
    throw error;
  }
}

/** Makes a folder that only the server's user may enter. */
export async function makePrivateDirectory(path: string, user: ServerUser | undefined): Promise<void> {
  await attempt(path, async () => {
    await mkdir(path, { mode: 0o700 });
    if (user !== undefined) await chown(path, user.uid, user.gid);
  });
}

/** Runs a file operation and names what the file system refused. */
export async function attempt<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw fileSystemError(error, path);
  }
}
