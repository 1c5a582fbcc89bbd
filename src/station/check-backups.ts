import { join } from 'node:path';
import { KeyringError, MAX_ENVELOPE_BYTES, readRegularFile } from '../keyring/index.ts';
import { canonicalJson, isDomainError } from '../shared/index.ts';
import {
  backupManifests,
  describeBlob,
  verifyBackupManifest,
  type BackupManifest,
  type Blob,
} from './backup-manifest.ts';
import { namesIn, readDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

/**
 * What is wrong with a file of a site: not there; shorter than it was; of other content; of an earlier manifest;
 * in no manifest; not to be read.
 */
export type BackupFault = 'missing' | 'truncated' | 'altered' | 'stale' | 'unlisted' | 'unreadable';

export interface SiteReport {
  readonly site: string;
  /** The newest manifest at the site that this station signed; null without one. */
  readonly manifest: number | null;
  readonly faults: readonly { readonly name: string; readonly fault: BackupFault }[];
}

export interface BackupReport {
  /** The newest manifest known anywhere. */
  readonly manifest: BackupManifest;
  readonly sites: readonly SiteReport[];
}

const MANIFEST = /^MANIFEST-[0-9]{6}\.json$/;
const BLOB = /\.(envelope|disaster)$/;

async function manifestsAt(station: Station, site: string, names: readonly string[]) {
  const sound: BackupManifest[] = [];
  const faults: SiteReport['faults'][number][] = [];
  for (const name of names.filter((entry) => MANIFEST.test(entry))) {
    try {
      sound.push(await verifyBackupManifest(station, await readDocument(join(site, name))));
    } catch (thrown) {
      if (!isDomainError(thrown)) throw thrown;
      faults.push({ name, fault: thrown instanceof KeyringError ? 'unreadable' : 'altered' });
    }
  }
  return { sound, faults };
}

/** The bytes of a blob at a site, or what is wrong with it. */
export async function readBlob(
  site: string,
  { name, bytes, sha256 }: Blob,
  earlier: ReadonlySet<string>,
): Promise<Buffer | BackupFault> {
  let found: Buffer;
  try {
    found = await readRegularFile(join(site, name), { maxBytes: MAX_ENVELOPE_BYTES });
  } catch (thrown) {
    if (!(thrown instanceof KeyringError)) throw thrown;
    if (thrown.code === 'file_missing') return 'missing';
    return thrown.code === 'file_too_large' ? 'altered' : 'unreadable';
  }
  const hash = describeBlob(name, found).sha256;
  if (hash === sha256) return found;
  if (earlier.has(`${name} ${hash}`)) return 'stale';
  return found.length < bytes ? 'truncated' : 'altered';
}

/** Blobs of manifests before the newest, by name and hash. */
export function earlierBlobs(manifests: readonly BackupManifest[]): ReadonlySet<string> {
  return new Set(
    manifests.slice(0, -1).flatMap(({ blobs }) => blobs.map(({ name, sha256 }) => `${name} ${sha256}`)),
  );
}

async function checkSite(
  station: Station,
  site: string,
  manifests: readonly BackupManifest[],
  newest: BackupManifest,
): Promise<SiteReport> {
  const names = await namesIn(site).catch(() => []);
  const { sound, faults } = await manifestsAt(station, site, names);
  const earlier = earlierBlobs([...manifests.filter(({ number }) => number < newest.number), newest]);
  for (const blob of newest.blobs) {
    const read = await readBlob(site, blob, earlier);
    if (typeof read === 'string') faults.push({ name: blob.name, fault: read });
  }
  const listed = new Set(newest.blobs.map(({ name }) => name));
  for (const name of names.filter((entry) => BLOB.test(entry) && !listed.has(entry)))
    faults.push({ name, fault: 'unlisted' });
  const number = Math.max(0, ...sound.map((manifest) => manifest.number));
  if (number < newest.number) faults.push({ name: 'MANIFEST', fault: number === 0 ? 'missing' : 'stale' });
  return { site, manifest: number === 0 ? null : number, faults };
}

/**
 * All sound manifests of the station and its sites, each number once, in order.
 * @throws StationError `backup_manifest_missing`, `backup_damaged` when two sound ones of a number differ.
 */
export async function knownManifests(
  station: Station,
): Promise<readonly [...BackupManifest[], BackupManifest]> {
  const byNumber = new Map<number, BackupManifest>();
  const found = [...(await backupManifests(station))];
  for (const site of station.sites)
    found.push(...(await manifestsAt(station, site, await namesIn(site).catch(() => []))).sound);
  for (const manifest of found) {
    const other = byNumber.get(manifest.number);
    if (other !== undefined && canonicalJson(other) !== canonicalJson(manifest))
      throw new StationError('backup_damaged', `Two backup manifests have the number ${manifest.number}.`);
    byNumber.set(manifest.number, manifest);
  }
  const [newest, ...before] = [...byNumber.values()].sort((a, b) => b.number - a.number);
  if (newest === undefined) {
    throw new StationError(
      'backup_manifest_missing',
      'No backup manifest of this station is here or at any site.',
    );
  }
  return [...before.reverse(), newest];
}

/**
 * Compares every site, byte for byte by hash, with the newest manifest that this station signed. Opens no key.
 * @throws StationError `backup_manifest_missing`, `backup_damaged`.
 */
export async function checkBackups(station: Station): Promise<BackupReport> {
  const manifests = await knownManifests(station);
  const newest = manifests.at(-1) ?? manifests[0];
  const sites: SiteReport[] = [];
  for (const site of station.sites) sites.push(await checkSite(station, site, manifests, newest));
  return { manifest: newest, sites };
}
