import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** The repository's root: builds depend on sources, the lock file, and nothing else. */
export const PROJECT_DIRECTORY = new URL('../../../', import.meta.url).pathname;

const SOURCE_DIRECTORY = join(PROJECT_DIRECTORY, 'src');

function entersBuild(file: string): boolean {
  if (file.startsWith(`web${sep}`)) return true;
  // Pure folders, and the one file of a context that a page may import.
  return file.startsWith(`shared${sep}`) || file.startsWith(`intents${sep}`) || file.endsWith('-contract.ts');
}

/**
 * A name for everything the browser code is made of: the first 16 hexadecimal digits of a SHA-256 over paths
 * and contents. Equal sources give an equal name on every machine, whatever the files' times say.
 */
export async function hashWebSources(): Promise<string> {
  const entries = await readdir(SOURCE_DIRECTORY, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => entersBuild(relative(SOURCE_DIRECTORY, file)))
    .sort();
  const hash = createHash('sha256');
  for (const file of [join(PROJECT_DIRECTORY, 'package-lock.json'), ...files]) {
    const content = await readFile(file);
    hash.update(`${relative(PROJECT_DIRECTORY, file)}\0${content.byteLength}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
