import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ed25519FromPem, generateEd25519, type Ed25519Key } from './ed25519.ts';
import { SignerError } from './errors.ts';

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Replaces a file so that after any crash it is the old one or the new one, whole and on the disk. */
export async function replaceFile(directory: string, name: string, text: string): Promise<void> {
  const path = join(directory, name);
  const fresh = await open(`${path}.new`, 'w', 0o600);
  try {
    await fresh.writeFile(text);
    await fresh.sync();
  } finally {
    await fresh.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * A machine's own Ed25519 key, made at its first start.
 * @throws SignerError `witness_file_damaged` or `signer_file_damaged`, as told.
 */
export async function loadKeyFile(
  directory: string,
  name: string,
  damaged: 'witness_file_damaged' | 'signer_file_damaged',
): Promise<Ed25519Key> {
  const pem = await readIfThere(join(directory, name));
  if (pem === undefined) {
    const key = generateEd25519();
    await replaceFile(directory, name, key.privatePem);
    return key;
  }
  try {
    return ed25519FromPem(pem);
  } catch (cause) {
    throw new SignerError(damaged, `The key file ${name} cannot be read.`, { cause });
  }
}
