import { randomUUID } from 'node:crypto';
import { hash as argonHash, verify as argonVerify } from '@node-rs/argon2';
import { IdentityError } from './identity-errors.ts';

/**
 * argon2id with 19 MiB, two passes, one lane: OWASP's first recommendation and RFC 9106's family. The library's
 * `Algorithm` is a const enum, which erasable syntax cannot import; 2 is Argon2id.
 */
const ARGON2 = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const MIN_PASSWORD_LENGTH = 12;
const MIN_DISTINCT_CHARACTERS = 5;

/** Each hash takes 19 MiB and a core; more at a time would let strangers fill the memory. */
const MAX_AT_ONCE = 4;
const MAX_WAITING = 64;

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_AT_ONCE) {
    if (waiting.length >= MAX_WAITING) {
      throw new IdentityError('sign_in_busy', 'Too many people are signing in right now.', {
        retryable: true,
      });
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running += 1;
  }
  try {
    return await work();
  } finally {
    // The place is handed on, not freed, while somebody waits.
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** One spelling of what was typed, whatever the keyboard composed it from (NIST SP 800-63B section 5.1.1.2). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}

/**
 * Length decides, not rules about kinds of characters (NIST SP 800-63B); only what is trivially guessed is
 * refused beside. @throws IdentityError `password_weak`.
 */
export function checkPasswordStrength(password: string, email: string): void {
  const text = normalized(password);
  const name = email.split('@')[0] ?? '';
  const weak =
    text.length < MIN_PASSWORD_LENGTH ||
    new Set(text).size < MIN_DISTINCT_CHARACTERS ||
    (name.length >= 4 && text.toLowerCase().includes(name));
  if (weak) {
    throw new IdentityError(
      'password_weak',
      `A password has at least ${MIN_PASSWORD_LENGTH} characters, ${MIN_DISTINCT_CHARACTERS} different ones, and not your name in it.`,
    );
  }
}

/** @throws IdentityError `sign_in_busy`. */
export async function hashPassword(password: string): Promise<string> {
  return await inTurn(() => argonHash(normalized(password), ARGON2));
}

let nobodysHash: Promise<string> | undefined;

/**
 * Whether the password fits. Without a stored hash (nobody of that name) the same work is done against a hash
 * that nothing fits, so that the answer takes as long. @throws IdentityError `sign_in_busy`.
 */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  nobodysHash ??= argonHash(randomUUID(), ARGON2);
  const against = stored ?? (await nobodysHash);
  const fits = await inTurn(() => argonVerify(against, normalized(password)));
  return fits && stored !== null;
}
