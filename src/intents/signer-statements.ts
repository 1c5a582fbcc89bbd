import type { CredentialPin, SignerResume } from './signer-statements-contract.ts';
import { hashStatement } from './tagged-hash.ts';

const PIN_TAG = 'trilock/credential-pin/1';
const RESUME_TAG = 'trilock/signer-resume/1';

/** What a customer signs to have a credential pinned: 32 bytes. */
export function credentialPinDigest(statement: CredentialPin['statement']): Uint8Array {
  return hashStatement(PIN_TAG, statement);
}

/** What officers sign to let a sealed signer sign again: 32 bytes. */
export function signerResumeDigest(statement: SignerResume['statement']): Uint8Array {
  return hashStatement(RESUME_TAG, statement);
}
