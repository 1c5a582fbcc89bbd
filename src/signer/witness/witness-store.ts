import { join } from 'node:path';
import { z } from 'zod';
import type { Ed25519Key } from '../ed25519.ts';
import { SignerError } from '../errors.ts';
import { loadKeyFile, readIfThere, replaceFile } from '../key-file.ts';
import { witnessStatementSchema } from './witness-statement.ts';
import type { WitnessMemory } from './witness.ts';

const memorySchema = z.strictObject({ signerKey: z.string(), statement: witnessStatementSchema });

/** The witness's key, made at its first start. @throws SignerError `witness_file_damaged`. */
export function loadWitnessKey(directory: string): Promise<Ed25519Key> {
  return loadKeyFile(directory, 'witness-key.pem', 'witness_file_damaged');
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
