import { scryptSync } from 'node:crypto';
import { requireStrongPassphrase, wrongPassphrase } from './browser/passphrase-rule.ts';
import { KeyringError } from './errors.ts';

/**
 * scrypt (RFC 7914) with N=2^14, r=8, p=5: one of the settings that OWASP's password storage cheat sheet names, and
 * the strongest that `openssl pkcs8` opens without being told to spend more than 32 MiB.
 */
export const SCRYPT = { N: 16_384, r: 8, p: 5 } as const;
export const SALT_BYTES = 16;

export { requireStrongPassphrase, wrongPassphrase };

/** A 32-byte key of a passphrase; the caller zeroes it. */
export function keyOfPassphrase(passphrase: Buffer, salt: Uint8Array): Buffer {
  return scryptSync(passphrase, salt, 32, SCRYPT);
}

const MIN_OFFICER_CHARACTERS = 16;
const MIN_SURPRISING = 12;
const MIN_OFFICER_DISTINCT = 8;
const ROWS = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'].map((row) =>
  Buffer.from(row),
);

/** Words that everybody tries first. */
const USUAL = ['password', 'passphrase', 'passwort', 'bitcoin', 'trilock', 'letmein'];

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

/** Characters that say something: not a repetition of the one before, nor the next key of a row. */
function surprisingCharacters(passphrase: Buffer): number {
  let surprising = 0;
  for (let at = 0; at < passphrase.length; at++) {
    const pair = Buffer.from([lower(passphrase[at - 1] ?? 0), lower(passphrase[at] ?? 0)]);
    const backwards = Buffer.from([pair[1] ?? 0, pair[0] ?? 0]);
    const expected = pair[0] === pair[1] || ROWS.some((row) => row.includes(pair) || row.includes(backwards));
    if (!expected) surprising++;
    pair.fill(0);
    backwards.fill(0);
  }
  return surprising;
}

/** Whether the passphrase is one short piece over and over. */
function isRepetition(passphrase: Buffer): boolean {
  for (let period = 1; period <= (passphrase.length + 1) / 2; period++) {
    if (passphrase.subarray(period).equals(passphrase.subarray(0, passphrase.length - period))) return true;
  }
  return false;
}

/**
 * The stricter rule for an institution's key files: 16 characters or more, eight of them different, 12 of them not
 * to be expected from the one before, no repeated piece, and no name that stands in the certificate.
 * @throws KeyringError `passphrase_weak`.
 */
export function requireOfficerPassphrase(passphrase: Buffer, names: readonly string[]): void {
  requireStrongPassphrase(passphrase);
  const folded = Buffer.from(passphrase.map(lower));
  try {
    const parts = [...USUAL, ...names]
      .flatMap((name) => name.toLowerCase().split(/\s+/))
      .filter((name) => name.length > 3);
    const weak =
      passphrase.length < MIN_OFFICER_CHARACTERS ||
      new Set(passphrase).size < MIN_OFFICER_DISTINCT ||
      surprisingCharacters(passphrase) < MIN_SURPRISING ||
      isRepetition(folded) ||
      parts.some((name) => folded.includes(name));
    if (!weak) return;
  } finally {
    folded.fill(0);
  }
  throw new KeyringError(
    'passphrase_weak',
    `The passphrase of an officer has at least ${MIN_OFFICER_CHARACTERS} characters, ${MIN_OFFICER_DISTINCT} of them different, no rows of the keyboard, no repetition, no name and no usual word. Six dice words do.`,
  );
}
