import { entropyToMnemonic, mnemonicToSeedSync, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { BitcoinError } from '../errors.ts';

/** No mnemonic of 24 English words is longer. */
const MAX_MNEMONIC_LENGTH = 24 * 9;
const MAX_PASSPHRASE_LENGTH = 1024;

/**
 * The English words of 16, 20, 24, 28 or 32 bytes of entropy (BIP39). The randomness is the caller's.
 * @throws BitcoinError `seed_invalid`.
 */
export function mnemonicOfEntropy(entropy: Uint8Array): string {
  if (![16, 20, 24, 28, 32].includes(entropy.length)) {
    throw new BitcoinError('seed_invalid', 'A mnemonic is made of 16, 20, 24, 28 or 32 bytes.', {
      details: { bytes: entropy.length },
    });
  }
  return entropyToMnemonic(entropy, wordlist);
}

/**
 * The 64-byte seed of an English mnemonic (BIP39). The words must be spelled and checksummed right: a typing
 * error would open another, empty wallet. @throws BitcoinError `mnemonic_invalid`, which never echoes words.
 */
export function seedOfMnemonic(mnemonic: string, passphrase = ''): Uint8Array {
  const usable =
    mnemonic.length <= MAX_MNEMONIC_LENGTH &&
    passphrase.length <= MAX_PASSPHRASE_LENGTH &&
    validateMnemonic(mnemonic, wordlist);
  if (!usable) {
    throw new BitcoinError('mnemonic_invalid', 'These words are not a valid recovery phrase.');
  }
  return mnemonicToSeedSync(mnemonic, passphrase);
}
