import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileRefusal, readRegularFile, writeNewFile } from './durable-file.ts';
import { KeyringError } from './errors.ts';

const MIN_SITES = 2;

/** The real directories behind the sites. @throws KeyringError `sites_too_few`, `file_missing`, `file_not_regular`. */
export async function resolveSites(sites: readonly string[]): Promise<readonly string[]> {
  const real = new Set<string>();
  for (const site of sites) {
    try {
      const path = await realpath(site);
      if (!(await stat(path)).isDirectory()) {
        throw new KeyringError('file_not_regular', `${site}: It is no directory.`, {
          details: { path: site },
        });
      }
      real.add(path);
    } catch (thrown) {
      throw fileRefusal(site, thrown);
    }
  }
  if (real.size < MIN_SITES) {
    throw new KeyringError('sites_too_few', 'Wrapped keys are kept at two different places or more.', {
      details: { sites: real.size },
    });
  }
  return [...real];
}

async function holds(path: string, bytes: Buffer): Promise<boolean> {
  return (await readRegularFile(path, { maxBytes: bytes.length })).equals(bytes);
}

async function putAt(site: string, name: string, bytes: Buffer): Promise<void> {
  const path = join(site, name);
  try {
    await writeNewFile(path, bytes);
  } catch (thrown) {
    // Repeated after a crash: what stands there already may be the same copy, and only the same.
    if (!(thrown instanceof KeyringError) || thrown.code !== 'file_exists' || !(await holds(path, bytes)))
      throw thrown;
  }
  if (!(await holds(path, bytes))) {
    throw new KeyringError('site_copy_differs', `${path}: What was written is not what is there now.`, {
      details: { path },
    });
  }
}

/**
 * Writes a wrapped key to every site and reads each copy back. Returns when all copies are durable and verified.
 * @throws KeyringError `sites_too_few`, `file_exists` when a site has a different file of that name,
 * `site_copy_differs`, and those of {@link writeNewFile}.
 */
export async function writeToSites(sites: readonly string[], name: string, bytes: Buffer): Promise<void> {
  // Side by side, since each waits for its own disk; all have ended before anybody hears of a failure.
  const copies = await Promise.allSettled(
    (await resolveSites(sites)).map((site) => putAt(site, name, bytes)),
  );
  for (const copy of copies) if (copy.status === 'rejected') throw copy.reason;
}
