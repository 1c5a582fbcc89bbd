import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeError } from '../../shared/index.ts';
import { WebError } from './errors.ts';
import { hashWebSources, PROJECT_DIRECTORY } from './source-hash.ts';

/** Where builds go unless told otherwise: one folder per state of the sources. */
export const WEB_OUTPUT_DIRECTORY = join(PROJECT_DIRECTORY, 'dist/web');

/**
 * The bundler runs in a process of its own: it takes its notion of production from NODE_ENV, which the caller's
 * process may have set otherwise, and its memory goes back when it is done.
 */
async function buildInto(directory: string): Promise<void> {
  const script = fileURLToPath(new URL('./bundle.ts', import.meta.url));
  await promisify(execFile)(process.execPath, ['--import', import.meta.resolve('tsx'), script, directory], {
    cwd: PROJECT_DIRECTORY,
    // eslint-disable-next-line no-restricted-properties -- handed on whole to a child, nothing is read from it
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function removeOthers(outputDirectory: string, keep: string): Promise<void> {
  // Servers hold their pages in memory, so an older build is nobody's any more. Unfinished builds stay:
  // they may be another process's.
  for (const name of await readdir(outputDirectory)) {
    if (name !== keep && /^[0-9a-f]{16}$/.test(name)) {
      await rm(join(outputDirectory, name), { recursive: true, force: true });
    }
  }
}

/**
 * Builds the browser code unless a build of exactly these sources is there, and returns its folder. Safe under
 * concurrent starts: each builds aside, and the first rename wins. @throws WebError `web_build_failed`.
 */
export async function ensureWebBuilt(outputDirectory = WEB_OUTPUT_DIRECTORY): Promise<string> {
  const name = await hashWebSources();
  const finished = join(outputDirectory, name);
  if (await exists(finished)) return finished;
  const unfinished = join(outputDirectory, `unfinished-${randomUUID()}`);
  try {
    await mkdir(unfinished, { recursive: true });
    await buildInto(unfinished);
    await rename(unfinished, finished);
  } catch (cause) {
    // Where nothing can be written, nothing can be removed either; the first failure is the one to tell.
    await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
    if (await exists(finished)) return finished;
    throw new WebError('web_build_failed', 'The web pages could not be built.', {
      internal: describeError(cause),
      cause,
    });
  }
  await removeOthers(outputDirectory, name);
  return finished;
}
