import { execFileSync, spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { PostgresError } from '../errors.ts';

/** The user that the server runs as: PostgreSQL refuses to run as root. Undefined: as ourselves. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const USER_NAME = 'postgres';

function lookUp(): ServerUser | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, USER_NAME], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Debian, Red Hat and Alpine spell it differently; the first that leaves the user behind is enough. */
const CREATE_COMMANDS = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', USER_NAME],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', USER_NAME],
] as const;

/**
 * For root, the user `postgres`, created when it is missing; for anybody else nothing.
 * @throws PostgresError `server_user_missing`.
 */
export function findServerUser(): ServerUser | undefined {
  if (userInfo().uid !== 0) return undefined;
  const existing = lookUp();
  if (existing !== undefined) return existing;
  for (const [command, ...args] of CREATE_COMMANDS) {
    spawnSync(command, args, { stdio: 'ignore' });
    const created = lookUp();
    if (created !== undefined) return created;
  }
  throw new PostgresError(
    'server_user_missing',
    `PostgreSQL does not run as root and the user ${USER_NAME} could not be created; create it, or start as an ordinary user.`,
  );
}

/** Whether the server's user can enter a folder: every folder above it must let that user pass. */
export function canEnter(user: ServerUser | undefined, directory: string): boolean {
  // Asked of the kernel and not read from mode bits, since access lists and mounts count too.
  const { status } = spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], {
    ...user,
    cwd: '/',
    stdio: 'ignore',
  });
  return status === 0;
}
