import { psbtToBase64, signPsbt, type AccountKey, type WalletDescriptor } from '../bitcoin/index.ts';
import { IntentError } from './errors.ts';
import { acceptManifest } from './manifest.ts';
import type { Manifest, SignedManifest } from './manifest-contract.ts';
import type { RegistrationReceipt } from './registration-receipt-contract.ts';
import { verifyRegistrationReceipt } from './registration-receipt.ts';
import type { PublicKey } from './signature-contract.ts';
import type { SigningBundle } from './signing-bundle-contract.ts';
import { verifyBundle, type BundleTrust, type VerifiedBundle } from './verify-bundle.ts';
import type { WalletRegistration } from './wallet-registration-contract.ts';
import { verifyWalletRegistration } from './wallet-registration.ts';

/** What a customer has kept of an own wallet, and the manifest followed to the one in force. */
export interface CustomerTrust {
  readonly file: { readonly registration: WalletRegistration; readonly receipt: RegistrationReceipt };
  /** The manifest by which the wallet was registered. */
  readonly registeredBy: Manifest;
  readonly inForce: Manifest;
}

/** A bundle that the customer's own copy of the registration agrees with. */
export interface CheckedForCustomer {
  readonly bundle: SigningBundle;
  readonly wallet: { readonly registration: WalletRegistration; readonly descriptor: WalletDescriptor };
  readonly verified: VerifiedBundle;
}

/**
 * Follows manifests from the first, whose hash was pinned beforehand, to the last; each is signed by the officers
 * of the one before. @returns all of them, in order. @throws IntentError `manifest_…`, `signature_wrong`.
 */
export async function followManifests(
  firstHash: string,
  signed: readonly SignedManifest[],
  network: Manifest['network'],
): Promise<Manifest[]> {
  const accepted: Manifest[] = [];
  for (const candidate of signed) {
    const inForce = accepted.at(-1) ?? { pinnedFirstHash: firstHash };
    accepted.push(await acceptManifest(inForce, candidate, network));
  }
  return accepted;
}

/** What the pinned wallet is called in explanations. */
export function bundleTrust(
  { registration, descriptor }: CheckedForCustomer['wallet'],
  manifest: Manifest,
  credentialsOf: BundleTrust['credentialsOf'],
): BundleTrust {
  return {
    manifest,
    wallet: {
      id: registration.wallet,
      name: registration.wallet,
      customer: registration.customer,
      descriptor,
      keyNames: registration.keys.map(({ statement }) => `${statement.role} key of ${statement.source}`),
    },
    credentialsOf,
  };
}

/**
 * Checks a bundle by what a customer has kept: the same checks as the station's and the signer's.
 * @throws IntentError, BitcoinError: the first thing that is wrong, by its code.
 */
export async function checkForCustomer(
  bundle: SigningBundle,
  { file, registeredBy, inForce }: CustomerTrust,
  nowMs: number,
): Promise<CheckedForCustomer> {
  const { registration, receipt } = file;
  const descriptor = await verifyWalletRegistration(registration, registeredBy);
  await verifyRegistrationReceipt(receipt, registration, registeredBy);
  const credentials = new Map<string, PublicKey>(
    registration.credentials.map(({ id, publicKey }) => [id, publicKey]),
  );
  const wallet = { registration, descriptor };
  const credentialsOf = (customer: string): ReadonlyMap<string, PublicKey> =>
    customer === registration.customer ? credentials : new Map();
  const verified = await verifyBundle(bundle, bundleTrust(wallet, inForce, credentialsOf), nowMs);
  return { bundle, wallet, verified };
}

/**
 * Signs a checked bundle with one of the customer's own keys. @throws IntentError `customer_key_foreign`; BitcoinError
 * of `signPsbt`.
 */
export function cosignAsCustomer(
  { bundle, wallet, verified }: CheckedForCustomer,
  key: AccountKey,
): SigningBundle {
  const { registration, descriptor } = wallet;
  const isOwn = registration.keys.some(
    ({ statement }) => statement.role === 'customer' && statement.xpub === key.xpub.text,
  );
  if (!isOwn) {
    throw new IntentError('customer_key_foreign', 'This key is not the customer’s key of the wallet.');
  }
  return { ...bundle, psbt: psbtToBase64(signPsbt(verified.psbt, key, descriptor)) };
}
