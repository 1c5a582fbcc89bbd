import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SignerError } from '../errors.ts';
import { ed25519FromPem, generateEd25519, type Ed25519Key } from './ed25519.ts';
import { witnessStatementSchema } from './witness-statement.ts';
import type { WitnessMemory } from './witness.ts';

const memorySchema = z.strictObject({ signerKey: z.string(), statement: witnessStatementSchema });

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** Replaces a file so that after any crash it is the old one or the new one, whole and on the disk. */
async function replaceFile(directory: string, name: string, text: string): Promise<void> {
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

/** The witness's key, made at its first start. @throws SignerError `witness_file_damaged`. */
export async function loadWitnessKey(directory: string): Promise<Ed25519Key> {
  const pem = await readIfThere(join(directory, 'witness-key.pem'));
  if (pem === undefined) {
    const key = generateEd25519();
    await replaceFile(directory, 'witness-key.pem', key.privatePem);
    return key;
  }
  try {
    return ed25519FromPem(pem);
  } catch (cause) {
    throw new SignerError('witness_file_damaged', 'The witness’s key file cannot be read.', { cause });
  }
}

/** @throws SignerError `witness_file_damaged`: a witness that has forgotten must not countersign anew. */
export async function loadWitnessMemory(directory: string): Promise<WitnessMemory | undefined> {
  const text = await readIfThere(join(directory, 'witnessed.json'));
  if (text === undefined) return undefined;
  try {
    return memorySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new SignerError('witness_file_damaged', 'The witness’s memory cannot be read.', { cause });
  }
}

export async function saveWitnessMemory(directory: string, memory: WitnessMemory): Promise<void> {
  await replaceFile(directory, 'witnessed.json', `${JSON.stringify(memory)}\n`);
}
