import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestHash } from '../../src/intents/index.ts';
import { openEnvelope } from '../../src/keyring/index.ts';
import {
  generateKeys,
  initStation,
  loadFreezeStatus,
  loadManifest,
  unlockStation,
  type Station,
  type StationRole,
} from '../../src/station/index.ts';
import { envelopeContext, envelopeName } from '../../src/station/pool-records.ts';
import { accountKeyOf } from '../../src/station/pool.ts';
import type { AttestedKey, Custody } from '../fixtures/custody.ts';
import { custody, freezeStatusOf } from '../fixtures/custody.ts';
import { signedManifest } from '../fixtures/intents.ts';
import { FIXTURE_PASSPHRASE, fixtureMaster, fixtureMasters } from '../fixtures/masters.ts';
import type { TestSigner } from '../fixtures/signing-keys.ts';

export const PASSPHRASE = Buffer.from(FIXTURE_PASSPHRASE);

/** Which fixture keys are whose masters. */
export const MASTERS = { cold: ['key-1', 'key-2'], backup: ['key-3', 'key-4'] } as const;

export function mastersOf(role: StationRole) {
  return fixtureMasters(...MASTERS[role]);
}

export function publicPem(name: string): string {
  return fixtureMaster(name).key.export({ format: 'pem', type: 'spki' }).toString();
}

export async function temporaryRoot(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'trilock-station-'));
}

/** A station in a fresh directory below `root`, with two sites of its own. */
export async function newStation(
  root: string,
  role: StationRole,
  network: Station['network'] = 'regtest',
): Promise<Station> {
  const home = await mkdtemp(join(root, `${role}-`));
  const sites = [join(home, 'site-1'), join(home, 'site-2')];
  for (const site of sites) await mkdir(site);
  const [inner, outer] = MASTERS[role];
  return initStation(join(home, 'station'), {
    role,
    name: `${role} station`,
    network,
    masters: { inner: publicPem(inner), outer: publicPem(outer) },
    disaster: publicPem('key-5'),
    sites,
    passphrase: PASSPHRASE,
  });
}

/** The station's own attestation key, for the fixture's manifest; it signs nothing for the fixture. */
function attester(station: Station): TestSigner {
  return {
    publicKey: station.attestationKey,
    sign: () => {
      throw new Error('only the station signs with its key');
    },
  };
}

export interface StationHouse {
  readonly house: Custody;
  readonly station: Station;
  /** Keys of the station's pool with their private halves. */
  readonly keys: readonly AttestedKey[];
}

/** An institution whose cold keys come from a real station, which has its manifest and a pool of keys. */
export async function stationHouse(root: string, count = 4): Promise<StationHouse> {
  const station = await newStation(root, 'cold');
  const house = custody({ cold: attester(station) });
  const { manifest } = house;
  await loadManifest(station, signedManifest(house.house, manifest), manifestHash(manifest));
  await loadFreezeStatus(station, freezeStatusOf(house));
  const attestationKey = await unlockStation(station, PASSPHRASE);
  const attestations = await generateKeys(station, { pool: 'first', count, attestationKey });
  const keys = await Promise.all(attestations.map((attestation) => openedKey(station, attestation)));
  return { house, station, keys };
}

/** A key of the station with its private half, as only both masters together get it. */
export async function openedKey(
  station: Station,
  attestation: AttestedKey['attestation'],
): Promise<AttestedKey> {
  const context = envelopeContext(attestation);
  const blob = await readFile(join(station.sites[0]!, envelopeName(context.keyId)));
  const entropy = openEnvelope(blob, context, mastersOf(station.role));
  return { entropy, accountKey: accountKeyOf(entropy, station.network), attestation };
}
