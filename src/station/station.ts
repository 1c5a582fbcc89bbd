import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { networkName, plainText, publicKeySchema, toBase64Url, type PublicKey } from '../intents/index.ts';
import {
  createAttestationKey,
  isDemoKey,
  openAttestationKey,
  parseMasterPublicKey,
  readRegularFile,
  requireTwoMasters,
  resolveSites,
  writeNewFile,
  type AttestationKey,
  type Masters,
} from '../keyring/index.ts';
import { readDocument, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';

const identitySchema = z.strictObject({
  version: z.literal(1),
  role: z.enum(['cold', 'backup']),
  /** What its attestations give as their source. */
  name: plainText.min(1),
  network: networkName,
  attestationKey: publicKeySchema,
  /** Public halves, PEM. */
  masters: z.strictObject({ inner: z.string(), outer: z.string() }),
  /** Where wrapped keys are kept. */
  sites: z.array(z.string()).min(2),
});

export type StationIdentity = z.infer<typeof identitySchema>;
export type StationRole = StationIdentity['role'];

/** An offline signing program's home: what it is, and the directory with what it has pinned. */
export interface Station extends Omit<StationIdentity, 'masters'> {
  readonly directory: string;
  readonly masters: Masters;
}

export interface StationWishes {
  readonly role: StationRole;
  readonly name: string;
  readonly network: StationIdentity['network'];
  /** Public halves, PEM, of two different holders. */
  readonly masters: { readonly inner: string; readonly outer: string };
  readonly sites: readonly string[];
  /** Of the attestation key's file. */
  readonly passphrase: Buffer;
}

const IDENTITY = 'station.json';
const ATTESTATION_KEY = 'attestation-key.pem';
const MAX_KEY_FILE_BYTES = 64 * 1024;

function openMasters(identity: Pick<StationIdentity, 'masters' | 'network'>): Masters {
  const masters = {
    inner: parseMasterPublicKey(identity.masters.inner),
    outer: parseMasterPublicKey(identity.masters.outer),
  };
  requireTwoMasters(masters);
  const demo = [masters.inner, masters.outer].find(({ fingerprint }) => isDemoKey(fingerprint));
  if (demo !== undefined && identity.network === 'mainnet') {
    throw new StationError('station_demo_key', 'A demo key protects nothing: it is refused on mainnet.', {
      details: { fingerprint: demo.fingerprint },
    });
  }
  return masters;
}

/**
 * Makes a station's home: its attestation key, the two masters it wraps to, its role for good. The directory
 * appears whole or not at all.
 * @throws StationError `station_exists`, `station_demo_key`; KeyringError `passphrase_weak`, `master_key_…`,
 * `masters_not_distinct`, `sites_too_few`, `file_…`.
 */
export async function initStation(directory: string, wishes: StationWishes): Promise<Station> {
  const { role, name, network, masters, passphrase } = wishes;
  openMasters({ masters, network });
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
  return { ...identity.data, directory, masters: openMasters(identity.data) };
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
