import { KeyringError } from '../errors.ts';

const MIN_CHARACTERS = 12;
const MIN_DISTINCT = 5;
const MAX_BYTES = 1_024;

/** Says the same whatever is wrong, so that nobody learns from it how near they came. */
export function wrongPassphrase(): KeyringError {
  return new KeyringError('passphrase_wrong', 'The passphrase is wrong, or the file is damaged.');
}

/**
 * A passphrase for a new file, UTF-8: 12 characters or more, five of them different; whoever has the file may try
 * as often as they like. @throws KeyringError `passphrase_weak`.
 */
export function requireStrongPassphrase(passphrase: Uint8Array): void {
  const distinct = new Set(passphrase).size;
  if (passphrase.length < MIN_CHARACTERS || passphrase.length > MAX_BYTES || distinct < MIN_DISTINCT) {
    throw new KeyringError(
      'passphrase_weak',
      `A passphrase has at least ${MIN_CHARACTERS} characters, ${MIN_DISTINCT} of them different.`,
    );
  }
}
