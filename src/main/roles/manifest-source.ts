import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptManifest, IntentError, parseSignedManifest, type Manifest } from '../../intents/index.ts';

/** Gives the manifest in force at this moment. */
export type ManifestSource = () => Promise<Manifest>;

/** No manifest of ours is near this; a larger file is not read. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

async function readDocument(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
  if (text.length > MAX_MANIFEST_BYTES) throw new IntentError('manifest_malformed', `${path} is too large.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new IntentError('manifest_malformed', `${path} is not JSON.`, { cause });
  }
}

/**
 * The officers' manifest in force, from files `manifest-1.json`, `manifest-2.json` … of a directory. Each is
 * accepted only when it follows the one before and is signed by its officers; the first by its pinned hash. A new
 * file is noticed at the next call. @throws IntentError `manifest_…` when there is none, or one that is not right.
 */
export function manifestSource(
  directory: string | undefined,
  pinnedFirstHash: string | undefined,
  network: Manifest['network'],
): ManifestSource {
  if (directory === undefined || pinnedFirstHash === undefined) {
    return () => Promise.reject(new IntentError('manifest_not_signed', 'No manifest is configured.'));
  }
  let inForce: Manifest | undefined;
  const look = async (): Promise<Manifest> => {
    for (;;) {
      const next = await readDocument(join(directory, `manifest-${(inForce?.number ?? 0) + 1}.json`));
      if (next === undefined) break;
      inForce = await acceptManifest(inForce ?? { pinnedFirstHash }, parseSignedManifest(next), network);
    }
    if (inForce === undefined) {
      throw new IntentError('manifest_not_signed', `There is no manifest in ${directory} yet.`, {
        retryable: true,
      });
    }
    return inForce;
  };
  let turn: Promise<unknown> = Promise.resolve();
  return () => {
    // One after the other: two who look at once would both accept the same file, and the second be refused.
    const looked = turn.then(look);
    turn = looked.catch(() => undefined);
    return looked;
  };
}
