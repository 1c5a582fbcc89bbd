import { IntentError } from './errors.ts';
import type { Manifest } from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import type { RefillAllowance } from './refill-allowance-contract.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const ALLOWANCE_TAG = 'trilock/refill-allowance/1';

/** What the second signer signs: 32 bytes. */
export function refillAllowanceDigest(statement: RefillAllowance['statement']): Uint8Array {
  return hashStatement(ALLOWANCE_TAG, statement);
}

/**
 * Checks that the second signer of the manifest allows just this refill.
 * @throws IntentError `refill_not_allowed`, `signature_…`.
 */
export async function verifyRefillAllowance(
  allowance: RefillAllowance | undefined,
  intentHash: string,
  { network, attestationKeys }: Manifest,
): Promise<void> {
  const { statement, attestedBy, signature } = allowance ?? {};
  const isSecond =
    attestedBy !== undefined &&
    attestationKeys.platform_b?.some((key) => samePublicKey(key, attestedBy)) === true;
  if (
    !isSecond ||
    statement?.network !== network ||
    statement.intentHash !== intentHash ||
    signature === undefined
  ) {
    throw new IntentError('refill_not_allowed', 'The second signer has not allowed this refill.', {
      details: { intentHash },
    });
  }
  await verifySignature(attestedBy, refillAllowanceDigest(statement), signature);
}
