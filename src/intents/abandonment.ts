import type { Abandonment } from './abandonment-contract.ts';
import { IntentError } from './errors.ts';
import type { Manifest } from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const ABANDONMENT_TAG = 'trilock/abandonment/1';

/** What the signer signs: 32 bytes. */
export function abandonmentDigest(statement: Abandonment['statement']): Uint8Array {
  return hashStatement(ABANDONMENT_TAG, statement);
}

/**
 * Checks that the second signer says of a transaction that it gave it up.
 * @throws IntentError `abandonment_wrong`, `signature_…`.
 */
export async function verifySecondAbandonment(
  { statement, attestedBy, signature }: Abandonment,
  txid: string,
  { network, attestationKeys }: Manifest,
): Promise<void> {
  const isSecond = attestationKeys.platform_b?.some((key) => samePublicKey(key, attestedBy)) === true;
  if (!isSecond || statement.network !== network || statement.txid !== txid) {
    throw new IntentError('abandonment_wrong', 'The second signer has not said that it gave this up.', {
      details: { txid },
    });
  }
  await verifySignature(attestedBy, abandonmentDigest(statement), signature);
}

/**
 * The transactions, by txid, of which a platform signer of the manifest says that it gave them up. What others say
 * counts for nothing. @throws IntentError `signature_…` for a word in the signer's name that is not its own.
 */
export async function abandonedTransactions(
  abandonments: readonly Abandonment[],
  { network, attestationKeys }: Manifest,
): Promise<ReadonlySet<string>> {
  const txids = new Set<string>();
  for (const { statement, attestedBy, signature } of abandonments) {
    if (statement.network !== network) continue;
    if (!attestationKeys.platform.some((key) => samePublicKey(key, attestedBy))) continue;
    await verifySignature(attestedBy, abandonmentDigest(statement), signature);
    txids.add(statement.txid);
  }
  return txids;
}
