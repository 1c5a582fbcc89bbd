import { z } from 'zod';
import { base64Url } from './fields-contract.ts';

/** A public key that signs requests, approvals, manifests or attestations. */
export const publicKeySchema = z.discriminatedUnion('algorithm', [
  /** RSA-PSS, SHA-256, MGF1-SHA-256, salt 32 (RFC 8017); `spki` is the SubjectPublicKeyInfo in base64url. */
  z.strictObject({ algorithm: z.literal('rsa-pss-sha256'), spki: base64Url.max(2_000) }),
  /** A passkey: its COSE key, and where it may be used. User verification is always required. */
  z.strictObject({
    algorithm: z.literal('webauthn'),
    credentialId: base64Url.min(1).max(1_400),
    coseKey: base64Url.min(1).max(2_000),
    rpId: z.string().min(1).max(253),
    origins: z.array(z.string().max(300)).min(1).max(10),
  }),
  /** Ed25519 (RFC 8032), raw. Machines' attestations only: no person approves with it. */
  z.strictObject({ algorithm: z.literal('ed25519'), raw: base64Url.length(43) }),
]);

export const signatureSchema = z.discriminatedUnion('algorithm', [
  z.strictObject({ algorithm: z.literal('rsa-pss-sha256'), signature: base64Url.max(1_400) }),
  z.strictObject({
    algorithm: z.literal('webauthn'),
    clientDataJson: base64Url.max(4_000),
    authenticatorData: base64Url.max(4_000),
    signature: base64Url.max(1_400),
  }),
  z.strictObject({ algorithm: z.literal('ed25519'), signature: base64Url.length(86) }),
]);

export type PublicKey = z.infer<typeof publicKeySchema>;
export type Signature = z.infer<typeof signatureSchema>;
