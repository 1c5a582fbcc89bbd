import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { base32nopad } from '@scure/base';

/** RFC 6238 with the parameters that every authenticator app knows: SHA-1, 30 seconds, six digits. */
const STEP_SECONDS = 30;
const DIGITS = 6;
/** A step before and one after: people type slowly, and clocks differ (RFC 6238 section 5.2). */
const WINDOW = 1;
/** RFC 4226 section 4 recommends 160 bits. */
const SECRET_BYTES = 20;

export function newTotpSecret(): Buffer {
  return randomBytes(SECRET_BYTES);
}

/** The code for a time step (RFC 4226 section 5.3). `digits` up to 8. */
export function totpCode(secret: Uint8Array, step: bigint, digits = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(step);
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The time step at a moment, in milliseconds since the epoch. */
export function totpStep(nowMs: number): bigint {
  return BigInt(Math.floor(nowMs / 1000 / STEP_SECONDS));
}

/**
 * The step that `code` fits, if it is later than `lastStep` (a code counts once, RFC 6238 section 5.2); null
 * when it fits none.
 */
export function matchTotp(
  secret: Uint8Array,
  code: string,
  nowMs: number,
  lastStep: bigint | null,
): bigint | null {
  const current = totpStep(nowMs);
  let found: bigint | null = null;
  for (let step = current - BigInt(WINDOW); step <= current + BigInt(WINDOW); step++) {
    const expected = Buffer.from(totpCode(secret, step));
    const given = Buffer.from(code);
    const fits = expected.length === given.length && timingSafeEqual(expected, given);
    if (fits && (lastStep === null || step > lastStep)) found ??= step;
  }
  return found;
}

/** What an authenticator app scans (the `otpauth` key URI format). */
export function totpUri(secret: Uint8Array, account: string): string {
  const label = encodeURIComponent(`Trilock:${account}`);
  return `otpauth://totp/${label}?secret=${base32nopad.encode(Uint8Array.from(secret))}&issuer=Trilock`;
}
