import { join } from 'node:path';
import { z } from 'zod';
import { parseKeyAttestation, type KeyAttestation } from '../intents/index.ts';
import { keyIdOf, type EnvelopeContext } from '../keyring/index.ts';
import { blobSchema, type Blob } from './backup-manifest.ts';
import { namesIn, readDocument, readDocumentIfThere } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

/** A key of a pool: its public half, and what was written to the sites when it was made. */
const recordSchema = z.strictObject({ attestation: z.unknown(), blobs: z.array(blobSchema).min(1) });

interface PoolRecord {
  readonly attestation: KeyAttestation;
  readonly blobs: readonly Blob[];
}

export function poolFolder(station: Station, pool: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(pool)) {
    throw new StationError('pool_name_invalid', 'A pool is named by lower-case letters, digits and -.');
  }
  return join(station.directory, 'pools', pool);
}

/** Where a key of a pool is recorded, once it counts. */
export function poolRecordPath(station: Station, pool: string, keyId: string): string {
  return join(poolFolder(station, pool), `${keyId}.json`);
}

/** The name of a key's envelope at every site. */
export function envelopeName(keyId: string): string {
  return `${keyId}.envelope`;
}

/** The name of a key's disaster envelope at every site. */
export function disasterName(keyId: string): string {
  return `${keyId}.disaster`;
}

/** The context by which an attested key is wrapped. */
export function envelopeContext({ statement }: KeyAttestation): EnvelopeContext {
  const { role, network, origin, xpub } = statement;
  return { keyId: keyIdOf(xpub), role, network, fingerprint: origin.slice(1, 9) };
}

function parseRecord(value: unknown): PoolRecord {
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) throw new StationError('station_damaged', 'The file of a key of a pool is damaged.');
  return { attestation: parseKeyAttestation(parsed.data.attestation), blobs: parsed.data.blobs };
}

export async function poolRecords(station: Station, pool: string): Promise<readonly PoolRecord[]> {
  const folder = poolFolder(station, pool);
  const records: PoolRecord[] = [];
  for (const name of await namesIn(folder)) records.push(parseRecord(await readDocument(join(folder, name))));
  return records;
}

/** The public halves of a pool. */
export async function poolKeys(station: Station, pool: string): Promise<readonly KeyAttestation[]> {
  return (await poolRecords(station, pool)).map(({ attestation }) => attestation);
}

/** The public halves of all keys that the station has made. */
export async function allKeys(station: Station): Promise<readonly KeyAttestation[]> {
  const keys: KeyAttestation[] = [];
  for (const pool of await namesIn(join(station.directory, 'pools')))
    keys.push(...(await poolKeys(station, pool)));
  return keys;
}

/** Whether this station made a key, in any of its pools. */
export async function isOwnKey(station: Station, xpub: string): Promise<boolean> {
  const name = `${keyIdOf(xpub)}.json`;
  for (const pool of await namesIn(join(station.directory, 'pools'))) {
    const record = await readDocumentIfThere(join(poolFolder(station, pool), name));
    if (record !== undefined) return parseRecord(record).attestation.statement.xpub === xpub;
  }
  return false;
}
