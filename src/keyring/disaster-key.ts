import { createPrivateKey } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import { KeyringError } from './errors.ts';
import { masterPrivateKey, type MasterPrivateKey } from './master-key.ts';

/** With two shares a pair of officers would be as strong as both masters of a role. */
export const MIN_THRESHOLD = 3;
const MAX_SHARES = 20;

/**
 * Splits a private key among officers: any `threshold` of the shares give it back, fewer tell nothing (Shamir over
 * GF(256), audited). The caller zeroes the shares. @throws KeyringError `shares_invalid`.
 */
export async function splitKey(
  { privateKey }: MasterPrivateKey,
  threshold: number,
  shares: number,
): Promise<Buffer[]> {
  if (!Number.isInteger(threshold) || !Number.isInteger(shares) || threshold < MIN_THRESHOLD) {
    throw new KeyringError('shares_invalid', `At least ${MIN_THRESHOLD} shares must be needed together.`);
  }
  if (shares < threshold || shares > MAX_SHARES) {
    throw new KeyringError('shares_invalid', `There are ${threshold} to ${MAX_SHARES} shares.`);
  }
  const der = privateKey.export({ format: 'der', type: 'pkcs1' });
  // The library takes plain arrays only.
  const secret = Uint8Array.from(der);
  try {
    return (await split(secret, shares, threshold)).map((share) => Buffer.from(share.buffer));
  } finally {
    der.fill(0);
    secret.fill(0);
  }
}

/**
 * Puts the key together in memory. Shamir's sum cannot tell a wrong share: the key's fingerprint does.
 * @throws KeyringError `shares_too_few`, `shares_do_not_fit`.
 */
export async function joinShares(
  shares: readonly Buffer[],
  expected: { readonly threshold: number; readonly fingerprint: string },
): Promise<MasterPrivateKey> {
  if (shares.length < expected.threshold) {
    throw new KeyringError(
      'shares_too_few',
      `${expected.threshold} shares are needed, ${shares.length} are here.`,
    );
  }
  const doesNotFit = (): KeyringError =>
    new KeyringError('shares_do_not_fit', 'These shares do not give the disaster key.');
  const plain = shares.map((share) => Uint8Array.from(share));
  let der: Buffer | undefined;
  try {
    der = Buffer.from((await combine(plain)).buffer);
    const key = masterPrivateKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs1' }));
    if (key.fingerprint === expected.fingerprint) return key;
  } catch {
    throw doesNotFit();
  } finally {
    der?.fill(0);
    for (const share of plain) share.fill(0);
  }
  throw doesNotFit();
}
