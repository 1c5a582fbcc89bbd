import { IntentError } from './errors.ts';
import type { SignerRole } from './key-attestation-contract.ts';
import type { Manifest } from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import type { SigningReceipt } from './signing-receipt-contract.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const RECEIPT_TAG = 'trilock/signing-receipt/1';

/** What the signer signs: 32 bytes. */
export function signingReceiptDigest(statement: SigningReceipt['statement']): Uint8Array {
  return hashStatement(RECEIPT_TAG, statement);
}

/** @param by who completes what the wallet pays. @throws IntentError `receipt_signed_by_stranger`, `signature_…`. */
export async function verifySigningReceipt(
  { statement, attestedBy, signature }: SigningReceipt,
  { attestationKeys }: Manifest,
  by: SignerRole = 'platform',
): Promise<void> {
  if (!(attestationKeys[by] ?? []).some((key) => samePublicKey(key, attestedBy))) {
    throw new IntentError('receipt_signed_by_stranger', 'No signer of the manifest gave this receipt.');
  }
  await verifySignature(attestedBy, signingReceiptDigest(statement), signature);
}
