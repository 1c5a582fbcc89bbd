import type { PublicKey } from './signature-contract.ts';

/** Whether both are the same key; where a passkey may be used is not part of the key. */
export function samePublicKey(a: PublicKey, b: PublicKey): boolean {
  if (a.algorithm === 'ed25519') return b.algorithm === 'ed25519' && a.raw === b.raw;
  if (a.algorithm === 'rsa-pss-sha256') return b.algorithm === 'rsa-pss-sha256' && a.spki === b.spki;
  return b.algorithm === 'webauthn' && a.coseKey === b.coseKey && a.credentialId === b.credentialId;
}
