import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import {
  hash32,
  hashStatement,
  networkName,
  plainText,
  signatureSchema,
  toBase64Url,
  verifySignature,
} from '../intents/index.ts';
import { writeToSites, type AttestationKey } from '../keyring/index.ts';
import { canonicalJson } from '../shared/index.ts';
import {
  documentBytes,
  makeDirectory,
  namesIn,
  readDocument,
  readDocumentIfThere,
  writeDocument,
} from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

const TAG = 'trilock/backup-manifest/1';

/** A wrapped key as it must lie at every site. */
export const blobSchema = z.strictObject({
  /** `<key id>.envelope` or `<key id>.disaster`. */
  name: z.string().regex(/^[0-9a-f]{32}\.(envelope|disaster)$/),
  bytes: z.int().min(1),
  sha256: hash32,
});
export type Blob = z.infer<typeof blobSchema>;

const statementSchema = z.strictObject({
  purpose: z.literal('backup manifest'),
  version: z.literal(1),
  number: z.int().min(1),
  station: plainText,
  role: z.enum(['cold', 'backup']),
  network: networkName,
  /** Fingerprints of the masters that the nested envelopes are for. */
  masters: z.strictObject({ inner: hash32, outer: hash32 }),
  blobs: z.array(blobSchema),
});
const manifestSchema = z.strictObject({ statement: statementSchema, signature: signatureSchema });

/** What lies at every site, signed by the station. */
export type BackupManifest = z.infer<typeof statementSchema>;

export function describeBlob(name: string, bytes: Buffer): Blob {
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const numbered = (number: number): string => String(number).padStart(6, '0');
const folderOf = (station: Station): string => join(station.directory, 'backups');

/** Name of a manifest at the sites. */
export function manifestName(number: number): string {
  return `MANIFEST-${numbered(number)}.json`;
}

/** @throws StationError `document_malformed`, `backup_damaged` for one of another station; IntentError `signature_wrong`. */
export async function verifyBackupManifest(station: Station, value: unknown): Promise<BackupManifest> {
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) throw new StationError('document_malformed', 'This is not a backup manifest.');
  const { statement, signature } = parsed.data;
  if (statement.role !== station.role || statement.network !== station.network) {
    throw new StationError('backup_damaged', 'The backup manifest is of another role or network.');
  }
  await verifySignature(station.attestationKey, hashStatement(TAG, statement), signature);
  return statement;
}

/** Every manifest that the station has made, checked, in order. @throws as {@link verifyBackupManifest}. */
export async function backupManifests(station: Station): Promise<readonly BackupManifest[]> {
  const manifests: BackupManifest[] = [];
  for (const name of await namesIn(folderOf(station)))
    manifests.push(await verifyBackupManifest(station, await readDocument(join(folderOf(station), name))));
  return manifests;
}

/**
 * Writes down what lies at the sites, at the sites and here; the same content again makes no new manifest. Returns
 * when every copy was read back.
 */
export async function recordBackup(
  station: Station,
  sites: readonly string[],
  blobs: readonly Blob[],
  attestationKey: AttestationKey,
): Promise<BackupManifest> {
  const last = (await backupManifests(station)).at(-1);
  const content = {
    purpose: 'backup manifest' as const,
    version: 1 as const,
    station: station.name,
    role: station.role,
    network: station.network,
    masters: { inner: station.masters.inner.fingerprint, outer: station.masters.outer.fingerprint },
    blobs: [...blobs].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
  const same =
    last !== undefined && canonicalJson({ ...content, number: last.number }) === canonicalJson(last);
  const statement = same ? last : { ...content, number: (last?.number ?? 0) + 1 };
  const path = join(folderOf(station), `${numbered(statement.number)}.json`);
  if (!same) {
    const signed = attestationKey.sign(hashStatement(TAG, statement));
    await makeDirectory(folderOf(station));
    await writeDocument(path, {
      statement,
      signature: { algorithm: 'ed25519', signature: toBase64Url(signed) },
    });
  }
  await writeToSites(sites, manifestName(statement.number), documentBytes(await readDocumentIfThere(path)));
  return statement;
}
