import { join } from 'node:path';
import { KeyringError, MAX_ENVELOPE_BYTES, readRegularFile, replaceFile } from '../keyring/index.ts';
import { StationError } from './errors.ts';

async function holdsAlready(path: string, bytes: Buffer): Promise<boolean> {
  try {
    return (await readRegularFile(path, { maxBytes: MAX_ENVELOPE_BYTES })).equals(bytes);
  } catch (thrown) {
    if (thrown instanceof KeyringError && thrown.code === 'file_missing') return false;
    throw thrown;
  }
}

/** A prepared envelope. */
export function readPrepared(folder: string, name: string): Promise<Buffer> {
  return readRegularFile(join(folder, name), { maxBytes: MAX_ENVELOPE_BYTES });
}

/**
 * Puts prepared envelopes in the place of the old ones at every site, each at once or not at all, and reads them
 * back. Run again after a kill, it goes on. @throws StationError `backup_damaged`; KeyringError `file_…`.
 */
export async function putInPlace(
  folder: string,
  sites: readonly string[],
  names: readonly string[],
): Promise<void> {
  for (const site of sites) {
    for (const name of names) {
      const bytes = await readPrepared(folder, name);
      const path = join(site, name);
      if (await holdsAlready(path, bytes)) continue;
      await replaceFile(path, bytes);
      if (!(await holdsAlready(path, bytes)))
        throw new StationError('backup_damaged', `${path}: What was written is not what is there now.`);
    }
  }
}
