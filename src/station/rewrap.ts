import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { KeyAttestation } from '../intents/index.ts';
import {
  openEnvelope,
  openForDisaster,
  sealEnvelope,
  sealForDisaster,
  writeNewFile,
  type AttestationKey,
  type MasterPrivateKey,
  type Masters,
} from '../keyring/index.ts';
import { systemClock } from '../shared/index.ts';
import { describeBlob, recordBackup, type BackupManifest } from './backup-manifest.ts';
import { earlierBlobs, knownManifests, readBlob } from './check-backups.ts';
import { claimSites } from './claim-sites.ts';
import { makeDirectory, namesIn, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { requireCurrentMasters } from './officer-masters.ts';
import { allKeys, disasterName, envelopeContext, envelopeName } from './pool-records.ts';
import { accountKeyOf, rewrapFolder } from './pool.ts';
import { putInPlace, readPrepared } from './put-in-place.ts';
import { changeTrust, trustOf, type Station, type TrustTexts } from './station.ts';

const TARGET = 'TARGET.json';
const targetSchema = z.strictObject({
  masters: z.strictObject({ inner: z.string(), outer: z.string() }),
  disaster: z.string().optional(),
});

/** Gives the entropy of a key; whoever asked zeroes it. */
export type KeySource = (key: KeyAttestation) => Promise<Buffer>;

export interface RewrapWishes {
  readonly target: TrustTexts;
  /** Asked for only while something is left to be opened. */
  readonly openSource: () => Promise<KeySource>;
  readonly attestationKey: AttestationKey;
  readonly onKey?: (done: number) => void;
}

async function soundCopy(
  station: Station,
  name: string,
  manifests: readonly BackupManifest[],
): Promise<Buffer> {
  const blob = manifests.at(-1)?.blobs.find((entry) => entry.name === name);
  const faults: string[] = [];
  if (blob === undefined) throw new StationError('backup_damaged', `${name} is in no backup manifest.`);
  for (const site of station.sites) {
    const read = await readBlob(site, blob, earlierBlobs(manifests));
    if (typeof read !== 'string') return read;
    faults.push(`${join(site, name)} is ${read}`);
  }
  throw new StationError('backup_damaged', `No site has a sound ${name}. ${faults.join('; ')}`);
}

/** Keys out of their nested envelopes, by the masters they are wrapped to now. */
export async function nestedSource(station: Station, masters: Masters<MasterPrivateKey>): Promise<KeySource> {
  const manifests = await knownManifests(station);
  return async (key) => {
    const context = envelopeContext(key);
    return openEnvelope(await soundCopy(station, envelopeName(context.keyId), manifests), context, masters);
  };
}

/** Keys out of their disaster envelopes, by the key that enough shares gave. */
export async function disasterSource(station: Station, disaster: MasterPrivateKey): Promise<KeySource> {
  const manifests = await knownManifests(station);
  return async (key) => {
    const context = envelopeContext(key);
    return openForDisaster(
      await soundCopy(station, disasterName(context.keyId), manifests),
      context,
      disaster,
    );
  };
}

/** What is to be written in place of a key's old envelopes, sealed for the target. */
function seal(target: ReturnType<typeof trustOf>, station: Station, key: KeyAttestation, entropy: Buffer) {
  const accountKey = accountKeyOf(entropy, station.network);
  accountKey.erase();
  if (accountKey.xpub.text !== key.statement.xpub) {
    throw new StationError(
      'seed_does_not_fit',
      'What the envelope holds is not the key that it is named after.',
    );
  }
  const context = envelopeContext(key);
  const nested = { name: envelopeName(context.keyId), bytes: sealEnvelope(entropy, context, target.masters) };
  if (target.disaster === null || target.disaster.fingerprint === station.disaster?.fingerprint)
    return [nested];
  const disaster = sealForDisaster(entropy, context, target.disaster);
  return [{ name: disasterName(context.keyId), bytes: disaster }, nested];
}

/** Prepares every new envelope in the station's own folder; the sites are untouched until all are there. */
async function stage(
  station: Station,
  target: ReturnType<typeof trustOf>,
  wishes: RewrapWishes,
): Promise<void> {
  const folder = rewrapFolder(station);
  const staged = new Set(await namesIn(folder));
  let source: KeySource | undefined;
  let done = 0;
  for (const key of await allKeys(station)) {
    // The nested one is written last, so with it all of the key is there.
    if (!staged.has(envelopeName(envelopeContext(key).keyId))) {
      source ??= await wishes.openSource();
      const entropy = await source(key);
      try {
        for (const { name, bytes } of seal(target, station, key, entropy))
          if (!staged.has(name)) await writeNewFile(join(folder, name), bytes);
      } finally {
        entropy.fill(0);
      }
    }
    wishes.onKey?.(++done);
  }
}

function sameTarget(a: z.infer<typeof targetSchema>, b: TrustTexts): boolean {
  return (
    a.masters.inner === b.masters.inner && a.masters.outer === b.masters.outer && a.disaster === b.disaster
  );
}

async function beginOrResume(station: Station, target: TrustTexts): Promise<void> {
  const path = join(rewrapFolder(station), TARGET);
  const begun = await readDocumentIfThere(path);
  if (begun !== undefined) {
    const parsed = targetSchema.safeParse(begun);
    if (parsed.success && sameTarget(parsed.data, target)) return;
    throw new StationError(
      'rewrap_unfinished',
      'A rewrap to other masters was begun: finish that one first.',
    );
  }
  const next = trustOf(station, target);
  requireCurrentMasters(next, systemClock.nowMs());
  const { inner, outer } = station.masters;
  const same =
    next.masters.inner.fingerprint === inner.fingerprint &&
    next.masters.outer.fingerprint === outer.fingerprint;
  if (same && next.disaster?.fingerprint === station.disaster?.fingerprint)
    throw new StationError('rewrap_refused', 'The keys are wrapped to these masters already.');
  await makeDirectory(rewrapFolder(station));
  await writeDocument(path, target);
}

/**
 * Wraps every key of a station anew, for other masters. Nothing is unwrapped to a disk. Killed at any moment, it goes
 * on where it was: until all new envelopes are prepared, the old ones are all in place, and afterwards nothing more is
 * to be opened.
 * @returns the station with its new masters.
 * @throws StationError `rewrap_refused`, `rewrap_unfinished`, `backup_…`, `seed_does_not_fit`; KeyringError
 * `certificate_…`, `envelope_…`, `file_…`.
 */
export async function rewrapKeys(station: Station, wishes: RewrapWishes): Promise<Station> {
  const { target, attestationKey } = wishes;
  await beginOrResume(station, target);
  const next = trustOf(station, target);
  await stage(station, next, wishes);
  const sites = await claimSites(station);
  const names = (await namesIn(rewrapFolder(station))).filter((name) => name !== TARGET);
  const manifests = await knownManifests(station);
  const folder = rewrapFolder(station);
  await putInPlace(folder, sites, names);
  const fresh = await Promise.all(
    names.map(async (name) => describeBlob(name, await readPrepared(folder, name))),
  );
  const replaced = new Set(names);
  const kept = (manifests.at(-1)?.blobs ?? []).filter(({ name }) => !replaced.has(name));
  const changed = await changeTrust(station, target);
  await recordBackup(changed, sites, [...kept, ...fresh], attestationKey);
  // At once: half a folder would look like a rewrap to be resumed.
  const finished = join(station.directory, '.rewrap-finished');
  await rm(finished, { recursive: true, force: true });
  await rename(rewrapFolder(station), finished);
  await rm(finished, { recursive: true });
  return changed;
}
