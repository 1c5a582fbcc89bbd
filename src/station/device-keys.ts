import { join } from 'node:path';
import {
  bip48Account,
  deviceText,
  formatDerivationPath,
  formatKeyOrigin,
  type DescriptorKey,
  type DeviceProof,
} from '../bitcoin/index.ts';
import {
  deviceToken,
  keyStatementDigest,
  parseKeyAttestation,
  toBase64Url,
  verifyKeyAttestation,
  type KeyAttestation,
  type KeyStatement,
  type PublicKey,
  type Signature,
} from '../intents/index.ts';
import { keyIdOf, type AttestationKey } from '../keyring/index.ts';
import { canonicalJson } from '../shared/index.ts';
import { readDeviceExport, readSignedText } from './device-export.ts';
import { makeDirectory, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';

/** The key below the account key with which a device signs the text: its first receive key. */
const SIGNED_AT = { branch: 0, index: 0 } as const;

/** For what a device’s key is to be attested. */
export type DeviceOwner = Pick<KeyStatement, 'network' | 'role' | 'source'>;

/** What a device is asked to sign, in one of two ways. */
export interface DeviceChallenge {
  readonly statement: KeyStatement;
  /** To be signed by the key at `path`. */
  readonly text: string;
  readonly path: string;
}

function statementOf(owner: DeviceOwner, { origin, xpub }: DescriptorKey): KeyStatement {
  bip48Account(origin.path, owner.network);
  return { purpose: 'account key', ...owner, origin: formatKeyOrigin(origin), xpub: xpub.text };
}

/**
 * What a device must sign for a key of which it has written `exported`.
 * @throws StationError `device_file_malformed`; BitcoinError of the key.
 */
export function challengeDevice(owner: DeviceOwner, exported: string): DeviceChallenge {
  const { key } = readDeviceExport(exported, owner.network, deviceToken(owner));
  const statement = statementOf(owner, key);
  const { branch, index } = SIGNED_AT;
  return {
    statement,
    text: deviceText(keyStatementDigest(statement)),
    path: `m/${formatDerivationPath(key.origin.path)}/${branch}/${index}`,
  };
}

/** What a device has written: of its key, and of the text that it was asked to sign, unless it is a key record. */
export interface DeviceFiles {
  readonly exported: string;
  readonly signed?: string;
}

function proofOf(recorded: DeviceProof | null, signed: string | undefined): DeviceProof {
  if (recorded !== null) return recorded;
  if (signed !== undefined) return { form: 'message', ...SIGNED_AT, signature: readSignedText(signed) };
  throw new StationError(
    'device_proof_missing',
    'Give what the device signed: its key record, or the text that it was asked to sign.',
  );
}

/** Whoever attests a key, and by what. */
export interface Attester {
  readonly publicKey: PublicKey;
  readonly sign: (digest: Uint8Array) => Signature;
}

/**
 * The attestation of a key that a device has proved to hold.
 * @throws StationError `device_file_malformed`, `device_proof_missing`; BitcoinError `possession_proof_invalid`, and of
 * the key.
 */
export async function deviceAttestation(
  owner: DeviceOwner,
  { exported, signed }: DeviceFiles,
  attester: Attester,
): Promise<KeyAttestation> {
  const { key, proof } = readDeviceExport(exported, owner.network, deviceToken(owner));
  const statement = statementOf(owner, key);
  const attestation = {
    statement,
    possession: proofOf(proof, signed),
    attestedBy: attester.publicKey,
    signature: attester.sign(keyStatementDigest(statement)),
  };
  await verifyKeyAttestation(attestation, [attester.publicKey], owner.network);
  return attestation;
}

/** A device of this station, by what its holders call it. */
export function deviceOf({ network, role, ...station }: Station, name: string): DeviceOwner {
  return { network, role, source: `${station.name}, ${name}` };
}

const folderOf = (station: Station): string => join(station.directory, 'device-keys');

/**
 * Attests a key in a device of this station. The station has no seed of it and writes no envelope: the device’s own
 * recovery words are its backup.
 * @throws as {@link deviceAttestation}; StationError `device_key_known`.
 */
export async function attestDeviceKey(
  station: Station,
  wishes: DeviceFiles & { readonly name: string },
  attestationKey: AttestationKey,
): Promise<KeyAttestation> {
  const attestation = await deviceAttestation(deviceOf(station, wishes.name), wishes, {
    publicKey: station.attestationKey,
    sign: (digest) => ({ algorithm: 'ed25519', signature: toBase64Url(attestationKey.sign(digest)) }),
  });
  const { statement } = attestation;
  const path = join(folderOf(station), `${keyIdOf(statement.xpub)}.json`);
  const known = await readDocumentIfThere(path);
  if (known === undefined) {
    await makeDirectory(folderOf(station));
    await writeDocument(path, attestation);
  } else if (canonicalJson(parseKeyAttestation(known).statement) !== canonicalJson(statement)) {
    throw new StationError('device_key_known', 'This key was attested here before, as another one.', {
      details: { origin: statement.origin },
    });
  }
  return attestation;
}

/** Whether this station has attested a key as one of its hardware wallets. */
export async function isOwnDeviceKey(station: Station, { statement }: KeyAttestation): Promise<boolean> {
  const known = await readDocumentIfThere(join(folderOf(station), `${keyIdOf(statement.xpub)}.json`));
  return known !== undefined && parseKeyAttestation(known).statement.xpub === statement.xpub;
}
