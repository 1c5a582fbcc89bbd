import { IntentError } from './errors.ts';
import type { SignerRole } from './key-attestation-contract.ts';
import type { Manifest } from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import { registrationReceiptSchema, type RegistrationReceipt } from './registration-receipt-contract.ts';
import { hashStatement, hex } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';
import type { WalletRegistration } from './wallet-registration-contract.ts';

const REGISTRATION_TAG = 'trilock/wallet-registration/1';
const RECEIPT_TAG = 'trilock/registration-receipt/1';

/** 32 bytes, hex, over every word of a registration. */
export function registrationHash(registration: WalletRegistration): string {
  return hex(hashStatement(REGISTRATION_TAG, registration));
}

/** What the signer signs: 32 bytes. */
export function receiptDigest(statement: RegistrationReceipt['statement']): Uint8Array {
  return hashStatement(RECEIPT_TAG, statement);
}

/** @throws IntentError `receipt_malformed`. */
export function parseRegistrationReceipt(value: unknown): RegistrationReceipt {
  const parsed = registrationReceiptSchema.safeParse(value);
  if (!parsed.success) {
    throw new IntentError('receipt_malformed', 'This is not the receipt of a registration.', {
      details: { reason: parsed.error.issues[0]?.message ?? '' },
    });
  }
  return parsed.data;
}

/**
 * Checks that the platform signer of the manifest, or its second one, has pinned just this registration.
 * @throws IntentError `receipt_for_another_registration`, `receipt_signed_by_stranger`, `signature_…`.
 */
export async function verifyRegistrationReceipt(
  receipt: RegistrationReceipt,
  registration: WalletRegistration,
  manifest: Manifest,
  by: SignerRole = 'platform',
): Promise<void> {
  const { statement, attestedBy, signature } = receipt;
  const sameWallet = statement.wallet === registration.wallet && statement.network === registration.network;
  if (!sameWallet || statement.registrationHash !== registrationHash(registration)) {
    throw new IntentError('receipt_for_another_registration', 'The receipt is for another registration.');
  }
  if (!(manifest.attestationKeys[by] ?? []).some((key) => samePublicKey(key, attestedBy))) {
    throw new IntentError('receipt_signed_by_stranger', 'No signer of the manifest gave this receipt.');
  }
  await verifySignature(attestedBy, receiptDigest(statement), signature);
}
