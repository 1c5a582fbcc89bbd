import { join } from 'node:path';
import { z } from 'zod';
import {
  eraseFile,
  KeyringError,
  MAX_ENVELOPE_BYTES,
  readRegularFile,
  replaceFile,
} from '../keyring/index.ts';
import { blobSchema, describeBlob, type Blob } from './backup-manifest.ts';
import { documentBytes, readDocumentIfThere } from './documents.ts';
import { StationError } from './errors.ts';
import { poolRecordPath } from './pool-records.ts';
import type { Station } from './station.ts';

const noteSchema = z.strictObject({ pool: z.string(), keyId: z.string(), blobs: z.array(blobSchema).min(1) });

/** The key that is being made: its copies may lie at some sites and not at others. */
export type UnfinishedKey = z.infer<typeof noteSchema>;

function notePath({ directory }: Station): string {
  return join(directory, 'unfinished-key.json');
}

/** Written before any site gets a copy; the note of the next key takes its place. */
export async function noteUnfinishedKey(station: Station, key: UnfinishedKey): Promise<void> {
  await replaceFile(notePath(station), documentBytes(key));
}

async function liesThere(path: string, { name, sha256 }: Blob): Promise<boolean> {
  try {
    const found = await readRegularFile(path, { maxBytes: MAX_ENVELOPE_BYTES });
    return describeBlob(name, found).sha256 === sha256;
  } catch (thrown) {
    if (thrown instanceof KeyringError && thrown.code === 'file_missing') return false;
    throw thrown;
  }
}

/**
 * Takes away what an interrupted run left of a key that was never counted, so that nobody knows it: exactly the noted
 * bytes, nothing else. @throws StationError `station_damaged`; KeyringError `file_…`.
 */
export async function clearUnfinishedKey(station: Station, sites: readonly string[]): Promise<void> {
  const note = await readDocumentIfThere(notePath(station));
  if (note === undefined) return;
  const parsed = noteSchema.safeParse(note);
  if (!parsed.success) throw new StationError('station_damaged', 'The note of an unfinished key is damaged.');
  const { pool, keyId, blobs } = parsed.data;
  const isCounted = (await readDocumentIfThere(poolRecordPath(station, pool, keyId))) !== undefined;
  if (!isCounted) {
    for (const site of sites)
      for (const blob of blobs)
        if (await liesThere(join(site, blob.name), blob)) await eraseFile(join(site, blob.name));
  }
  await eraseFile(notePath(station));
}
