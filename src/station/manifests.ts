import { join } from 'node:path';
import {
  acceptManifest,
  followManifests,
  hash32,
  manifestHash,
  parseSignedManifest,
  samePublicKey,
  type Manifest,
  type SignedManifest,
} from '../intents/index.ts';
import { fingerprintOfSpki, isDemoKey } from '../keyring/index.ts';
import { makeDirectory, namesIn, readDocument, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

const FIRST_HASH = 'first-manifest.json';

function folder(station: Station): string {
  return join(station.directory, 'manifests');
}

function fileOf(station: Station, number: number): string {
  return join(folder(station), `${String(number).padStart(6, '0')}.json`);
}

async function pinnedHash(station: Station): Promise<string | undefined> {
  const names = await namesIn(station.directory);
  if (!names.includes(FIRST_HASH)) return undefined;
  const parsed = hash32.safeParse(await readDocument(join(station.directory, FIRST_HASH)));
  if (!parsed.success)
    throw new StationError('station_damaged', 'The pinned hash of the first manifest is damaged.');
  return parsed.data;
}

/** Every manifest that the station has accepted, checked anew from the pinned hash on. */
export async function acceptedManifests(station: Station): Promise<readonly Manifest[]> {
  const hash = await pinnedHash(station);
  if (hash === undefined) return [];
  const signed: SignedManifest[] = [];
  for (const name of await namesIn(folder(station))) {
    signed.push(parseSignedManifest(await readDocument(join(folder(station), name))));
  }
  return followManifests(hash, signed, station.network);
}

/** The manifest with the highest number. Whether it has expired is for who acts by it. @throws StationError `manifest_missing`. */
export async function manifestInForce(station: Station): Promise<Manifest> {
  const manifest = (await acceptedManifests(station)).at(-1);
  if (manifest === undefined) {
    throw new StationError(
      'manifest_missing',
      'No manifest is loaded: this station does not know whom to trust.',
    );
  }
  return manifest;
}

/** Whether a manifest lets this station attest keys of its role. */
export function attestsBy(station: Station, manifest: Manifest): boolean {
  return manifest.attestationKeys[station.role].some((key) => samePublicKey(key, station.attestationKey));
}

/** Everybody has the demo keys: a person who signs with one is anybody. */
function refuseDemoKeys({ network, officers, approvers }: Manifest): void {
  if (network !== 'mainnet') return;
  for (const { id, key } of [...officers, ...approvers]) {
    if (
      key.algorithm !== 'rsa-pss-sha256' ||
      !isDemoKey(fingerprintOfSpki(Buffer.from(key.spki, 'base64url')))
    )
      continue;
    throw new StationError('station_demo_key', 'A demo key protects nothing: it is refused on mainnet.', {
      details: { of: id },
    });
  }
}

/**
 * Accepts the next manifest; the first one by its hash, which officers compare by eye and which is pinned then for
 * good. @throws StationError `manifest_hash_missing`; IntentError `manifest_…`, `signature_wrong`.
 */
export async function loadManifest(
  station: Station,
  signed: SignedManifest,
  firstHash?: string,
): Promise<{ readonly manifest: Manifest; readonly hash: string }> {
  const pinned = (await pinnedHash(station)) ?? firstHash?.toLowerCase();
  if (pinned === undefined) {
    throw new StationError(
      'manifest_hash_missing',
      'The first manifest is loaded with the hash that officers compared.',
    );
  }
  const accepted = await acceptedManifests(station);
  const manifest = await acceptManifest(
    accepted.at(-1) ?? { pinnedFirstHash: pinned },
    signed,
    station.network,
  );
  refuseDemoKeys(manifest);
  await makeDirectory(folder(station));
  if ((await pinnedHash(station)) === undefined)
    await writeDocument(join(station.directory, FIRST_HASH), pinned);
  await writeDocument(fileOf(station, manifest.number), signed);
  return { manifest, hash: manifestHash(manifest) };
}
