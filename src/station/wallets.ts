import { join } from 'node:path';
import { z } from 'zod';
import type { WalletDescriptor } from '../bitcoin/index.ts';
import {
  parseRegistrationReceipt,
  parseWalletRegistration,
  registrationHash,
  registrationReceiptSchema,
  verifyRegistrationReceipt,
  verifyWalletRegistration,
  walletRegistrationSchema,
  type KeyAttestation,
  type Manifest,
  type PublicKey,
  type RegistrationReceipt,
  type WalletRegistration,
} from '../intents/index.ts';
import { keyIdOf } from '../keyring/index.ts';
import { isIdOf } from '../shared/index.ts';
import { makeDirectory, namesIn, readDocumentIfThere, writeDocument } from './documents.ts';
import { StationError } from './errors.ts';
import { acceptedManifests, manifestInForce } from './manifests.ts';
import { isOwnKey } from './pool-records.ts';
import type { Station } from './station.ts';

/** What the online side exports when a wallet is opened: the registration, and the signer's word that it pinned it. */
export interface RegistrationFile {
  readonly registration: WalletRegistration;
  readonly receipt: RegistrationReceipt;
}

/** A wallet as it was pinned. */
export interface PinnedWallet {
  readonly registration: WalletRegistration;
  readonly descriptor: WalletDescriptor;
  /** The one key of it that this station made; null for a wallet that is pinned for its credentials alone. */
  readonly ownKey: KeyAttestation | null;
}

const pinSchema = z.strictObject({
  registration: walletRegistrationSchema,
  receipt: registrationReceiptSchema,
  /** Number of the manifest by which it was checked. */
  manifest: z.int().min(1),
});

const customersOf = (station: Station, customer: string): string =>
  join(station.directory, 'customers', customer, 'wallets');
const walletFile = (station: Station, wallet: string): string =>
  join(station.directory, 'wallets', `${wallet}.json`);

/** @throws StationError `document_malformed`; IntentError `registration_malformed`, `receipt_malformed`. */
export function parseRegistrationFile(value: unknown): RegistrationFile {
  const parsed = z.strictObject({ registration: z.unknown(), receipt: z.unknown() }).safeParse(value);
  if (!parsed.success) {
    throw new StationError('document_malformed', 'A registration file holds a registration and its receipt.');
  }
  return {
    registration: parseWalletRegistration(parsed.data.registration),
    receipt: parseRegistrationReceipt(parsed.data.receipt),
  };
}

async function ownKeyOf(station: Station, registration: WalletRegistration): Promise<KeyAttestation | null> {
  const own: KeyAttestation[] = [];
  for (const key of registration.keys) {
    if (key.statement.role === station.role && (await isOwnKey(station, key.statement.xpub))) own.push(key);
  }
  if (own.length > 1) {
    throw new StationError(
      'wallet_with_two_own_keys',
      'Two keys of the wallet are from this station: it could spend alone.',
      {
        details: { wallet: registration.wallet },
      },
    );
  }
  return own[0] ?? null;
}

/** Notes for good which wallet a key went into. @throws StationError `key_used_before`. */
async function claimKeys(station: Station, { wallet, keys }: WalletRegistration): Promise<void> {
  const folder = join(station.directory, 'used-keys');
  await makeDirectory(folder);
  const paths = keys.map(({ statement }) => join(folder, `${keyIdOf(statement.xpub)}.json`));
  for (const path of paths) {
    const usedBy = await readDocumentIfThere(path);
    if (usedBy === undefined || usedBy === wallet) continue;
    throw new StationError('key_used_before', 'A key of the wallet is in another wallet already.', {
      details: { wallet, usedBy: JSON.stringify(usedBy) },
    });
  }
  for (const path of paths)
    if ((await readDocumentIfThere(path)) === undefined) await writeDocument(path, wallet);
}

/**
 * Pins a wallet for good. The same registration again is fine; another one for the same wallet is refused.
 * @throws StationError `wallet_changed`, `wallet_with_two_own_keys`, `key_used_before`, `manifest_missing`; IntentError
 * `registration_…`, `receipt_…`, `key_…`, `signature_…`; BitcoinError of descriptor and keys.
 */
export async function registerWallet(station: Station, file: RegistrationFile): Promise<PinnedWallet> {
  const { registration, receipt } = file;
  const { wallet, customer } = registration;
  if (registration.network !== station.network) {
    throw new StationError(
      'wallet_changed',
      `The wallet is for ${registration.network}, not ${station.network}.`,
    );
  }
  const known = await readDocumentIfThere(walletFile(station, wallet));
  if (known !== undefined) {
    const pinned = pinSchema.safeParse(known);
    if (!pinned.success || registrationHash(pinned.data.registration) !== registrationHash(registration)) {
      throw new StationError(
        'wallet_changed',
        'The wallet is pinned already, and this registration differs from it.',
        {
          details: { wallet },
        },
      );
    }
    return pinnedWallet(station, wallet);
  }
  const manifest = await manifestInForce(station);
  const descriptor = await verifyWalletRegistration(registration, manifest);
  await verifyRegistrationReceipt(receipt, registration, manifest);
  const ownKey = await ownKeyOf(station, registration);
  await claimKeys(station, registration);
  await makeDirectory(join(station.directory, 'wallets'));
  if (customer !== null) {
    await makeDirectory(customersOf(station, customer));
    const path = join(customersOf(station, customer), wallet);
    if ((await readDocumentIfThere(path)) === undefined) await writeDocument(path, wallet);
  }
  // Last: a wallet is pinned from the moment that this file stands.
  await writeDocument(walletFile(station, wallet), { registration, receipt, manifest: manifest.number });
  return { registration, descriptor, ownKey };
}

async function readPin(station: Station, wallet: string, manifests: readonly Manifest[]) {
  const value = isIdOf('wallet', wallet) ? await readDocumentIfThere(walletFile(station, wallet)) : undefined;
  if (value === undefined) {
    throw new StationError('wallet_unknown', 'The wallet is not registered here.', { details: { wallet } });
  }
  const pinned = pinSchema.safeParse(value);
  const manifest = manifests.find(({ number }) => pinned.success && number === pinned.data.manifest);
  if (!pinned.success || manifest === undefined || pinned.data.registration.wallet !== wallet) {
    throw new StationError('station_damaged', 'The file of a pinned wallet is damaged.', {
      details: { wallet },
    });
  }
  const { registration, receipt } = pinned.data;
  // The disk is not trusted either: signer and stations signed what stands there.
  await verifyRegistrationReceipt(receipt, registration, manifest);
  return { registration, manifest };
}

/** A pinned wallet, checked anew. @throws StationError `wallet_unknown`, `station_damaged`; IntentError. */
export async function pinnedWallet(station: Station, wallet: string): Promise<PinnedWallet> {
  const { registration, manifest } = await readPin(station, wallet, await acceptedManifests(station));
  const descriptor = await verifyWalletRegistration(registration, manifest);
  return { registration, descriptor, ownKey: await ownKeyOf(station, registration) };
}

/** The credentials that the pinned wallets of a customer name. */
export async function registeredCredentials(
  station: Station,
  customer: string,
): Promise<Map<string, PublicKey>> {
  const credentials = new Map<string, PublicKey>();
  if (!isIdOf('customer', customer)) return credentials;
  const manifests = await acceptedManifests(station);
  for (const wallet of await namesIn(customersOf(station, customer))) {
    // Named before it was pinned: a registration that was interrupted, and counts only when it is repeated.
    if ((await readDocumentIfThere(walletFile(station, wallet))) === undefined) continue;
    const own = (await readPin(station, wallet, manifests)).registration;
    if (own.customer !== customer) continue;
    for (const { id, publicKey } of own.credentials) credentials.set(id, publicKey);
  }
  return credentials;
}
