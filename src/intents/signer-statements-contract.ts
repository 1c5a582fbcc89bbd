import { z } from 'zod';
import { hash32, idText, instant, networkName } from './fields-contract.ts';
import { officerSignaturesSchema } from './manifest-contract.ts';
import { signatureSchema } from './signature-contract.ts';
import { pinnedCredentialSchema } from './wallet-registration-contract.ts';

/**
 * A customer's word that a further credential is theirs, signed with one that the signer has pinned already; the
 * first credential of a customer is signed with itself.
 */
export const credentialPinSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('pin credential'),
    network: networkName,
    customer: idText('customer'),
    credential: pinnedCredentialSchema,
    /** The credential that signs. */
    signedBy: idText('credential'),
    signedAt: instant,
  }),
  signature: signatureSchema,
});

/** Where a witness stands, as officers read it from `trilock signer-admin status`. */
export const witnessHeadSchema = z.strictObject({
  counter: z.int().min(0),
  manifestVersion: z.int().min(0),
  consumedHead: hash32,
});

/**
 * Officers let a sealed signer sign again. They name where its witness stands, so that one permission serves for
 * one restore; approvals from before it are void.
 */
export const signerResumeSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('resume signer'),
    network: networkName,
    /** Ed25519 public keys, raw, hex. */
    signerKey: hash32,
    witnessKey: hash32,
    /** Null for a witness that has not countersigned anything yet. */
    witnessHead: witnessHeadSchema.nullable(),
    issuedAt: instant,
  }),
  signatures: officerSignaturesSchema,
});

export type CredentialPin = z.infer<typeof credentialPinSchema>;
export type SignerResume = z.infer<typeof signerResumeSchema>;
