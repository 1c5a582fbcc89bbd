import { mkdir, readdir } from 'node:fs/promises';
import { KeyringError, readRegularFile, writeNewFile } from '../keyring/index.ts';
import { StationError } from './errors.ts';

/** Larger than any bundle, smaller than what would trouble a machine. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * Reads a JSON file; what it means is for others to check. @throws StationError `document_malformed`; KeyringError
 * `file_missing`, `file_not_regular`, `file_too_large`, `file_inaccessible`.
 */
export async function readDocument(path: string): Promise<unknown> {
  const bytes = await readRegularFile(path, { maxBytes: MAX_DOCUMENT_BYTES });
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new StationError('document_malformed', `${path}: It is not JSON.`, { details: { path } });
  }
}

/** The same, or undefined when there is no such file. */
export async function readDocumentIfThere(path: string): Promise<unknown> {
  try {
    return await readDocument(path);
  } catch (thrown) {
    if (thrown instanceof KeyringError && thrown.code === 'file_missing') return undefined;
    throw thrown;
  }
}

/** A document as it stands in a file. */
export function documentBytes(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a new JSON file whole or not at all, never over another. @throws KeyringError `file_exists`, `file_…`. */
export async function writeDocument(path: string, value: unknown): Promise<void> {
  await writeNewFile(path, documentBytes(value));
}

/** Names in a directory, sorted; none when it is not there. What a killed writer left is not counted. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => !name.startsWith('.')).sort();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}

export async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}
