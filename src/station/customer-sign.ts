import { cosignAsCustomer, type CheckedForCustomer, type SigningBundle } from '../intents/index.ts';
import { openCustomerKey, type CustomerKeyFile } from './customer-key.ts';
import { StationError } from './errors.ts';
import { accountKeyOf } from './pool.ts';

/**
 * Signs a checked bundle with the customer's own key. @throws KeyringError `passphrase_wrong`; StationError
 * `seed_does_not_fit`; IntentError `customer_key_foreign`; BitcoinError of `signPsbt`.
 */
export function signForCustomer(
  checked: CheckedForCustomer,
  file: CustomerKeyFile,
  passphrase: Buffer,
): SigningBundle {
  const entropy = openCustomerKey(file, passphrase);
  try {
    const key = accountKeyOf(entropy, checked.wallet.registration.network);
    try {
      if (key.xpub.text === file.xpub) return cosignAsCustomer(checked, key);
      throw new StationError('seed_does_not_fit', 'What the file holds is not the key that it names.');
    } finally {
      key.erase();
    }
  } finally {
    entropy.fill(0);
  }
}
