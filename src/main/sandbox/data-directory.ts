import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { SharedError } from '../../shared/index.ts';
import { isOurProcess } from './processes.ts';

/** Linux allows 107 bytes for the path of a socket, macOS 103; the longest name we put behind it is 20. */
const MAX_SOCKET_DIRECTORY_BYTES = 80;

/** The folders of a sandbox, all below one directory. */
export interface DataDirectory {
  readonly root: string;
  readonly postgres: string;
  readonly chain: string;
  readonly witness: string;
  readonly signer: string;
  /** Two places for wrapped copies of platform keys, standing for two sites. */
  readonly backups: readonly [string, string];
  /** The same of the second signer, which would be another host. */
  readonly second: Pick<DataDirectory, 'witness' | 'signer' | 'backups'>;
  readonly logs: string;
  readonly secrets: string;
  /** Socket files; elsewhere when `root` is too deep for a socket's path. */
  readonly sockets: string;
  /** Lets another sandbox have the directory. */
  readonly release: () => Promise<void>;
}

async function takeLock(root: string): Promise<() => Promise<void>> {
  const path = join(root, 'sandbox.pid');
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (await isOurProcess(holder, 'sandbox')) {
      throw new SharedError(
        'config_invalid',
        `A sandbox already runs in ${root} (process ${holder}): stop it, or set TRILOCK_DATA_DIRECTORY to another directory.`,
      );
    }
    await rm(path, { force: true });
  }
  throw new SharedError('config_invalid', `Another sandbox is starting in ${root}.`);
}

async function socketDirectory(root: string): Promise<string> {
  const inside = join(root, 'sockets');
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 12);
  const path =
    Buffer.byteLength(inside) <= MAX_SOCKET_DIRECTORY_BYTES
      ? inside
      : join(tmpdir(), `trilock-${process.getuid?.() ?? 'user'}-${digest}`);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  return path;
}

/**
 * Makes the folders of a sandbox and takes its lock. The root is passable by other users, because a database
 * started by root runs as a user of its own; what is secret has a folder of mode 700.
 * @throws NodeJS.ErrnoException when the place cannot be written, SharedError `config_invalid` when it is taken.
 */
export async function openDataDirectory(root: string): Promise<DataDirectory> {
  await mkdir(root, { recursive: true });
  await chmod(root, 0o711);
  const release = await takeLock(root);
  const folder = async (name: string): Promise<string> => {
    const path = join(root, name);
    await mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return {
    root,
    postgres: join(root, 'postgres'),
    chain: await folder('chain'),
    witness: await folder('witness'),
    signer: await folder('signer'),
    backups: [await folder('backup-site-a'), await folder('backup-site-b')],
    second: {
      witness: await folder('second-witness'),
      signer: await folder('second-signer'),
      backups: [await folder('second-backup-site-a'), await folder('second-backup-site-b')],
    },
    logs: await folder('logs'),
    secrets: await folder('secrets'),
    sockets: await socketDirectory(root),
    release,
  };
}

/** A secret that is made at first use and kept in a file that only its owner reads. */
export async function keptSecret(directory: DataDirectory, name: string): Promise<string> {
  const path = join(directory.secrets, name);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  const secret = randomBytes(32).toString('hex');
  await writeFile(path, `${secret}\n`, { mode: 0o600, flag: 'wx' });
  return secret;
}

/** Of the sandbox's demo staff. */
export async function readStaffPassword(root: string): Promise<string> {
  return (await readFile(join(root, 'secrets', 'staff-password'), 'utf8')).trim();
}
