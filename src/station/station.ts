import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { networkName, plainText, publicKeySchema, toBase64Url, type PublicKey } from '../intents/index.ts';
import {
  certificatePem,
  createAttestationKey,
  isDemoKey,
  openAttestationKey,
  readRegularFile,
  replaceFile,
  resolveSites,
  writeNewFile,
  type AttestationKey,
  type MasterPublicKey,
  type OfficerCertificate,
} from '../keyring/index.ts';
import { systemClock } from '../shared/index.ts';
import { documentBytes, readDocument, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import {
  readDisasterKey,
  readMasters,
  readRoot,
  requireCurrentMasters,
  type MasterTexts,
  type OfficerMasters,
} from './officer-masters.ts';

const identitySchema = z.strictObject({
  version: z.literal(1),
  role: z.enum(['cold', 'backup']),
  /** What its attestations give as their source. */
  name: plainText.min(1),
  network: networkName,
  attestationKey: publicKeySchema,
  /** Public halves, PEM: certificates under the root, or bare public keys where there is none. */
  masters: z.strictObject({ inner: z.string(), outer: z.string() }),
  /** Certificate of the institution's root, PEM. */
  root: z.string().optional(),
  /** Public half of the disaster key, PEM; each seed is wrapped to it too. */
  disaster: z.string().optional(),
  /** Where wrapped keys are kept. */
  sites: z.array(z.string()).min(2),
});

export type StationIdentity = z.infer<typeof identitySchema>;
export type StationRole = StationIdentity['role'];

/** An offline signing program's home: what it is, and the directory with what it has pinned. */
export interface Station extends Omit<StationIdentity, 'masters' | 'root' | 'disaster'>, OfficerMasters {
  readonly directory: string;
  readonly root: OfficerCertificate | null;
  readonly disaster: MasterPublicKey | null;
}

export interface StationWishes {
  readonly role: StationRole;
  readonly name: string;
  readonly network: StationIdentity['network'];
  /** Public halves, PEM, of two different holders. */
  readonly masters: MasterTexts;
  readonly root?: string;
  /** Required on mainnet. */
  readonly disaster?: string;
  readonly sites: readonly string[];
  /** Of the attestation key's file. */
  readonly passphrase: Buffer;
}

const IDENTITY = 'station.json';
const ATTESTATION_KEY = 'attestation-key.pem';
const MAX_KEY_FILE_BYTES = 64 * 1024;

type Trust = Pick<StationIdentity, 'role' | 'network' | 'masters' | 'root' | 'disaster'>;

function openTrust({ role, network, masters: texts, root: rootText, disaster: disasterText }: Trust) {
  const root = readRoot(rootText);
  const { masters, certificates } = readMasters(role, texts, root);
  const disaster = readDisasterKey(disasterText, masters);
  const keys = [masters.inner, masters.outer, ...(disaster === null ? [] : [disaster])];
  const demo = keys.find(({ fingerprint }) => isDemoKey(fingerprint));
  if (demo !== undefined && network === 'mainnet') {
    throw new StationError('station_demo_key', 'A demo key protects nothing: it is refused on mainnet.', {
      details: { fingerprint: demo.fingerprint },
    });
  }
  return { root, masters, certificates, disaster };
}

/** @throws StationError `disaster_key_missing`; KeyringError `certificate_expired`. */
function requireFitToStart(trust: ReturnType<typeof openTrust>, network: StationIdentity['network']): void {
  requireCurrentMasters(trust, systemClock.nowMs());
  if (trust.disaster !== null || network !== 'mainnet') return;
  throw new StationError(
    'disaster_key_missing',
    'On mainnet every seed is wrapped to a disaster key too: give its public half.',
  );
}

/**
 * Makes a station's home: its attestation key, the two masters it wraps to, its role for good. The directory
 * appears whole or not at all.
 * @throws StationError `station_exists`, `station_demo_key`, `disaster_key_…`; KeyringError `passphrase_weak`, `certificate_…`, `master_key_…`,
 * `masters_not_distinct`, `sites_too_few`, `file_…`.
 */
export async function initStation(directory: string, wishes: StationWishes): Promise<Station> {
  const { role, name, network, masters, root, disaster, passphrase } = wishes;
  const optional = {
    ...(root === undefined ? {} : { root }),
    ...(disaster === undefined ? {} : { disaster }),
  };
  requireFitToStart(openTrust({ role, network, masters, ...optional }), network);
  const sites = [...(await resolveSites(wishes.sites))];
  const { publicKey, privatePem } = createAttestationKey(passphrase);
  const attestationKey: PublicKey = { algorithm: 'ed25519', raw: toBase64Url(publicKey) };
  const identity = identitySchema.safeParse({
    version: 1,
    role,
    name,
    network,
    attestationKey,
    masters,
    ...optional,
    sites,
  });
  if (!identity.success) throw malformedIdentity(identity.error);
  const temporary = await mkdtemp(join(dirname(directory), `.${basename(directory)}.`));
  try {
    await writeNewFile(join(temporary, ATTESTATION_KEY), Buffer.from(privatePem));
    await writeDocument(join(temporary, IDENTITY), identity.data);
    await rename(temporary, directory);
  } catch (thrown) {
    await rm(temporary, { recursive: true, force: true });
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw thrown;
    throw new StationError('station_exists', `${directory}: There is something already.`, {
      details: { directory },
    });
  }
  return openStation(directory);
}

function malformedIdentity(error: z.ZodError): StationError {
  const issue = error.issues[0];
  return new StationError('station_damaged', 'This does not describe a station.', {
    details: { path: issue?.path.join('.') ?? '', reason: issue?.message ?? '' },
  });
}

/** @throws StationError `station_damaged`, `station_demo_key`, `document_malformed`; KeyringError `file_…`. */
export async function openStation(directory: string): Promise<Station> {
  const identity = identitySchema.safeParse(await readDocument(join(directory, IDENTITY)));
  if (!identity.success) throw malformedIdentity(identity.error);
  return { ...identity.data, directory, ...openTrust(identity.data) };
}

/** Public halves, PEM, that a station is to wrap to from now on. */
export interface TrustTexts {
  readonly masters: MasterTexts;
  /** Without it the disaster key stays the same. */
  readonly disaster?: string;
}

/** What a station would wrap to with other keys. @throws as {@link openStation}. */
export function trustOf(
  station: Station,
  { masters, disaster }: TrustTexts,
): OfficerMasters & Pick<Station, 'disaster'> {
  const { role, network, root } = station;
  const pem = disaster ?? station.disaster?.key.export({ format: 'pem', type: 'spki' }).toString();
  return openTrust({
    role,
    network,
    masters,
    ...(root === null ? {} : { root: certificatePem(root) }),
    ...(pem === undefined ? {} : { disaster: pem }),
  });
}

async function changeIdentity(station: Station, change: Partial<StationIdentity>): Promise<Station> {
  const path = join(station.directory, IDENTITY);
  const identity = identitySchema.safeParse(await readDocument(path));
  if (!identity.success) throw malformedIdentity(identity.error);
  await replaceFile(path, documentBytes({ ...identity.data, ...change }));
  return openStation(station.directory);
}

/** Gives a station other masters, for everything that it wraps from now on: the last step of a rewrap. */
export async function changeTrust(station: Station, target: TrustTexts): Promise<Station> {
  trustOf(station, target);
  return changeIdentity(station, target);
}

/** Keeps wrapped keys at another place from now on, in place of one that is gone. @throws KeyringError `sites_too_few`. */
export async function replaceSite(station: Station, gone: string, place: string): Promise<Station> {
  const sites = await resolveSites(station.sites.map((site) => (site === gone ? place : site)));
  return changeIdentity(station, { sites: [...sites] });
}

/**
 * Opens the key with which the station attests account keys.
 * @throws KeyringError `passphrase_wrong`; StationError `attestation_key_differs`.
 */
export async function unlockStation(station: Station, passphrase: Buffer): Promise<AttestationKey> {
  const path = join(station.directory, ATTESTATION_KEY);
  const pem = await readRegularFile(path, { maxBytes: MAX_KEY_FILE_BYTES });
  const key = openAttestationKey(pem.toString('utf8'), passphrase);
  const { attestationKey } = station;
  if (attestationKey.algorithm !== 'ed25519' || toBase64Url(key.publicKey) !== attestationKey.raw) {
    throw new StationError('attestation_key_differs', 'The attestation key is not the one of this station.');
  }
  return key;
}
