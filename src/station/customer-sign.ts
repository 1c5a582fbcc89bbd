import { psbtToBase64, signPsbt } from '../bitcoin/index.ts';
import {
  verifyBundle,
  verifyRegistrationReceipt,
  verifyWalletRegistration,
  type Manifest,
  type PublicKey,
  type SigningBundle,
  type VerifiedBundle,
} from '../intents/index.ts';
import { openCustomerKey, type CustomerKeyFile } from './customer-key.ts';
import { StationError } from './errors.ts';
import { accountKeyOf } from './pool.ts';
import { bundleTrust } from './sign-bundle.ts';
import type { PinnedWallet, RegistrationFile } from './wallets.ts';

/** What a customer has kept of an own wallet, and the manifest followed to the one in force. */
export interface CustomerTrust {
  readonly file: RegistrationFile;
  /** The manifest by which the wallet was registered. */
  readonly registeredBy: Manifest;
  readonly inForce: Manifest;
}

/** A bundle that the customer's own copy of the registration agrees with. */
export interface CheckedForCustomer {
  readonly bundle: SigningBundle;
  readonly wallet: Pick<PinnedWallet, 'registration' | 'descriptor'>;
  readonly verified: VerifiedBundle;
}

/** The same checks as the station's. @throws IntentError, BitcoinError: the first thing that is wrong, by its code. */
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
 * Signs a checked bundle with the customer's own key. @throws KeyringError `passphrase_wrong`; StationError
 * `own_key_missing`, `seed_does_not_fit`; BitcoinError of `signPsbt`.
 */
export function signForCustomer(
  { bundle, wallet, verified }: CheckedForCustomer,
  file: CustomerKeyFile,
  passphrase: Buffer,
): SigningBundle {
  const { registration, descriptor } = wallet;
  if (
    !registration.keys.some(({ statement }) => statement.role === 'customer' && statement.xpub === file.xpub)
  ) {
    throw new StationError('own_key_missing', 'This key is not the customer’s key of the wallet.');
  }
  const entropy = openCustomerKey(file, passphrase);
  try {
    const key = accountKeyOf(entropy, registration.network);
    try {
      if (key.xpub.text !== file.xpub) {
        throw new StationError('seed_does_not_fit', 'What the file holds is not the key that it names.');
      }
      return { ...bundle, psbt: psbtToBase64(signPsbt(verified.psbt, key, descriptor)) };
    } finally {
      key.erase();
    }
  } finally {
    entropy.fill(0);
  }
}
