import { join } from 'node:path';
import {
  credentialPinDigest,
  credentialPinSchema,
  verifySignature,
  type CredentialPin,
  type PublicKey,
} from '../intents/index.ts';
import { isIdOf } from '../shared/index.ts';
import { recoveredCredentials, takeLockChange, withoutEnded } from './credential-changes.ts';
import { makeDirectory, namesIn, readDocument, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import type { Station } from './station.ts';
import { registeredCredentials, type PinnedWallet } from './wallets.ts';

const folderOf = (station: Station, customer: string): string =>
  join(station.directory, 'customers', customer, 'credentials');

function isCustomer(text: string): boolean {
  return isIdOf('customer', text);
}

/** @throws StationError `document_malformed`. */
export function parseCredentialPin(value: unknown): CredentialPin {
  const parsed = credentialPinSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new StationError('document_malformed', 'This is not the pin of a credential.');
}

async function pinsOf(station: Station, customer: string): Promise<CredentialPin[]> {
  const folder = folderOf(station, customer);
  const pins: CredentialPin[] = [];
  for (const name of await namesIn(folder))
    pins.push(parseCredentialPin(await readDocument(join(folder, name))));
  return pins;
}

/** Adds every pin that leads back, signature by signature, to a credential that is known already. */
async function followPins(
  known: Map<string, PublicKey>,
  pins: readonly CredentialPin[],
): Promise<Map<string, PublicKey>> {
  let waiting = pins;
  for (let before = -1; waiting.length !== before;) {
    before = waiting.length;
    const later: CredentialPin[] = [];
    for (const pin of waiting) {
      const { credential, signedBy } = pin.statement;
      const signer = known.get(signedBy);
      if (signer === undefined) later.push(pin);
      else {
        await verifySignature(signer, credentialPinDigest(pin.statement), pin.signature);
        if (!known.has(credential.id)) known.set(credential.id, credential.publicKey);
      }
    }
    waiting = later;
  }
  return known;
}

/**
 * The credentials with which a customer may ask: out of a vault, those of its own registration; out of a wallet of
 * the institution, those that any pinned wallet of the customer names; and those that they have vouched for since.
 */
export async function credentialsFor(
  station: Station,
  { registration }: PinnedWallet,
  customer: string,
): Promise<ReadonlyMap<string, PublicKey>> {
  const { customer: owner, credentials } = registration;
  // The name becomes a path, so it must be an id.
  if ((owner !== null && owner !== customer) || !isCustomer(customer)) return new Map();
  const first =
    owner === null
      ? await registeredCredentials(station, customer)
      : new Map(credentials.map(({ id, publicKey }) => [id, publicKey]));
  for (const [id, key] of await recoveredCredentials(station, customer)) first.set(id, key);
  const known = await followPins(first, await pinsOf(station, customer));
  return withoutEnded(station, customer, known);
}

/** Every credential that a customer ever had here, also locks that have ended. */
async function everKnown(station: Station, customer: string): Promise<Map<string, PublicKey>> {
  const first = await registeredCredentials(station, customer);
  for (const [id, key] of await recoveredCredentials(station, customer)) first.set(id, key);
  return followPins(first, await pinsOf(station, customer));
}

/**
 * Takes the end of a master lock from a file (`takeLockChange`). @throws StationError `document_malformed`,
 * `credential_unknown`, `recovery_not_due`; IntentError.
 */
export function changeLock(station: Station, value: unknown): ReturnType<typeof takeLockChange> {
  return takeLockChange(station, value, (customer) => everKnown(station, customer));
}

/**
 * Pins a further credential of a customer at the word of one that is known here.
 * @throws StationError `credential_unknown`, `credential_changed`; IntentError `signature_…`.
 */
export async function pinCredential(station: Station, pin: CredentialPin): Promise<void> {
  const { network, customer, credential, signedBy } = pin.statement;
  const known = await everKnown(station, customer);
  // A lock that has ended vouches for nobody any more.
  const signer = (await withoutEnded(station, customer, known)).get(signedBy);
  if (network !== station.network || signer === undefined) {
    throw new StationError(
      'credential_unknown',
      'The pin is not signed with a credential that is known here.',
      {
        details: { customer, signedBy },
      },
    );
  }
  await verifySignature(signer, credentialPinDigest(pin.statement), pin.signature);
  const same = known.get(credential.id);
  if (same !== undefined) {
    if (JSON.stringify(same) === JSON.stringify(credential.publicKey)) return;
    throw new StationError('credential_changed', 'This id is pinned with another key already.', {
      details: { customer, credential: credential.id },
    });
  }
  await makeDirectory(folderOf(station, customer));
  const path = join(folderOf(station, customer), `${credential.id}.json`);
  if ((await readDocumentIfThere(path)) === undefined) await writeDocument(path, pin);
}
