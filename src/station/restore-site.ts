import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile, replaceFile, writeNewFile } from '../keyring/index.ts';
import { manifestName, type BackupManifest, type Blob } from './backup-manifest.ts';
import { earlierBlobs, knownManifests, readBlob } from './check-backups.ts';
import { claimSite } from './claim-sites.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

const DAMAGED = 'damaged';
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

export interface Restored {
  /** Files that were sound already. */
  readonly kept: number;
  readonly written: number;
  /** Files that were neither sound nor of an earlier manifest, kept aside in `damaged/`. */
  readonly setAside: readonly string[];
}

async function setAside(site: string, name: string): Promise<void> {
  await mkdir(join(site, DAMAGED), { recursive: true, mode: 0o700 });
  const taken = new Date().toISOString().replaceAll(':', '-');
  await rename(join(site, name), join(site, DAMAGED, `${name}.${taken}`));
}

async function readSound(site: string, blob: Blob): Promise<Buffer> {
  const bytes = await readBlob(site, blob, new Set());
  if (typeof bytes !== 'string') return bytes;
  throw new StationError(
    'backup_damaged',
    `${join(site, blob.name)} is ${bytes}: restore it from another site.`,
    {
      details: { site, name: blob.name, fault: bytes },
    },
  );
}

async function copyManifests(from: string, to: string, manifests: readonly BackupManifest[]): Promise<void> {
  for (const { number } of manifests) {
    const name = manifestName(number);
    const bytes = await readRegularFile(join(from, name), { maxBytes: MAX_MANIFEST_BYTES }).catch(
      () => undefined,
    );
    // The last one must be there; of those before, what the other site has.
    if (bytes !== undefined) await replaceFile(join(to, name), bytes);
    else if (number === manifests.at(-1)?.number)
      throw new StationError(
        'backup_damaged',
        `${join(from, name)} is missing: restore it from another site.`,
      );
  }
}

/**
 * Makes a site again from another: what is sound stays, what is missing or of an earlier manifest is written, and
 * what is damaged is moved aside first. Every byte written was checked against the manifest before, and is read back.
 * Nothing is opened, so it takes no passphrase.
 * @throws StationError `backup_manifest_missing`, `backup_damaged` (the source is not sound either),
 * `site_of_another_station`; KeyringError `file_…`.
 */
export async function restoreSite(
  station: Station,
  from: string,
  to: string,
  onBlob?: (done: number) => void,
): Promise<Restored> {
  if (from === to) throw new StationError('backup_damaged', 'A site is restored from another one.');
  const manifests = await knownManifests({ ...station, sites: [...new Set([...station.sites, from])] });
  const newest = manifests.at(-1) ?? manifests[0];
  const earlier = earlierBlobs(manifests);
  await claimSite(station, to);
  let kept = 0;
  const aside: string[] = [];
  for (const [position, blob] of newest.blobs.entries()) {
    const there = await readBlob(to, blob, earlier);
    if (typeof there !== 'string') kept++;
    else {
      const bytes = await readSound(from, blob);
      if (there === 'truncated' || there === 'altered' || there === 'unreadable') {
        await setAside(to, blob.name);
        aside.push(blob.name);
      }
      await (there === 'stale' ? replaceFile : writeNewFile)(join(to, blob.name), bytes);
      await readSound(to, blob);
    }
    onBlob?.(position + 1);
  }
  await copyManifests(from, to, manifests);
  return { kept, written: newest.blobs.length - kept, setAside: aside };
}
