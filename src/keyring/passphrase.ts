import { scryptSync } from 'node:crypto';
import { KeyringError } from './errors.ts';

/**
 * scrypt (RFC 7914) with N=2^14, r=8, p=5: one of the settings that OWASP's password storage cheat sheet names, and
 * the strongest that `openssl pkcs8` opens without being told to spend more than 32 MiB.
 */
export const SCRYPT = { N: 16_384, r: 8, p: 5 } as const;
export const SALT_BYTES = 16;

const MIN_CHARACTERS = 12;
const MIN_DISTINCT = 5;
const MAX_BYTES = 1_024;

/** Says the same whatever is wrong, so that nobody learns from it how near they came. */
export function wrongPassphrase(): KeyringError {
  return new KeyringError('passphrase_wrong', 'The passphrase is wrong, or the file is damaged.');
}

/**
 * A passphrase for a new file: 12 characters or more, five of them different; whoever has the file may try
 * as often as they like. @throws KeyringError `passphrase_weak`.
 */
export function requireStrongPassphrase(passphrase: Buffer): void {
  const distinct = new Set(passphrase).size;
  if (passphrase.length < MIN_CHARACTERS || passphrase.length > MAX_BYTES || distinct < MIN_DISTINCT) {
    throw new KeyringError(
      'passphrase_weak',
      `A passphrase has at least ${MIN_CHARACTERS} characters, ${MIN_DISTINCT} of them different.`,
    );
  }
}

/** A 32-byte key of a passphrase; the caller zeroes it. */
export function keyOfPassphrase(passphrase: Buffer, salt: Uint8Array): Buffer {
  return scryptSync(passphrase, salt, 32, SCRYPT);
}
