import { z } from 'zod';
import { base64Url, idText, instant, networkName, plainText } from './fields-contract.ts';
import { signatureSchema } from './signature-contract.ts';

/** SubjectPublicKeyInfo of an RSA-4096 key, DER in base64url. */
const rsaSpki = base64Url.min(1).max(1_000);

/** An RSA-PSS signature (SHA-256, MGF1-SHA-256, salt 32) by an RSA-4096 key: 512 bytes in base64url. */
const rsaSignature = base64Url.min(1).max(700);

/**
 * Both public halves of a customer's master lock, each proven by a signature of its private half. The signing half
 * is a credential of the customer, pinned as such; the other one is only ever encrypted to, and this is the one
 * statement that it signs (as in PKCS#10, RFC 2986).
 */
export const masterLockRegistrationSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('master lock'),
    network: networkName,
    customer: idText('customer'),
    /** The credential that its signing half is. */
    id: idText('credential'),
    signing: rsaSpki,
    decryption: rsaSpki,
    /** The lock whose place it takes; null when there is none. */
    replaces: idText('credential').nullable(),
    signedAt: instant,
  }),
  possession: z.strictObject({ signing: rsaSignature, decryption: rsaSignature }),
  /** By the lock that is replaced; null when there is none, or when its file is lost. */
  previous: rsaSignature.nullable(),
});

/** What only the master lock itself may say. */
export const LOCK_PURPOSES = ['unlock', 'deep freeze', 'revoke master lock'] as const;

/** The lock's statements, and the one that any credential of the customer may make. */
export const CUSTOMER_PURPOSES = [...LOCK_PURPOSES, 'cancel recovery'] as const;

/** A customer's word for one purpose, to one thing, once. */
export const customerStatementSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.enum(CUSTOMER_PURPOSES),
    network: networkName,
    customer: idText('customer'),
    /** The credential, or the lock, that signs. */
    credential: idText('credential'),
    /** What it is about: the id of a restriction, lock or recovery. */
    subject: plainText.min(1),
    /** 16 random bytes, hex: no statement is accepted twice. */
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
    issuedAt: instant,
    expiresAt: instant,
  }),
  signature: signatureSchema,
});

/** The way back for a lost file: officers vouch that the customer was recognised, and a new lock takes its place. */
export const masterLockRecoveryBodySchema = z.strictObject({
  customer: idText('customer'),
  /** The lock whose file is lost. */
  lost: idText('credential'),
  /** The new one. Nobody but the customer has its private half, which the registration proves to be held. */
  registration: masterLockRegistrationSchema,
  /** How staff made sure of the customer's identity. */
  identification: z.strictObject({
    method: plainText.min(1),
    /** Where the record of it is kept. */
    reference: plainText.min(1),
    checkedAt: instant,
  }),
});

export type MasterLockRegistration = z.infer<typeof masterLockRegistrationSchema>;
export type CustomerStatement = z.infer<typeof customerStatementSchema>;
export type CustomerPurpose = CustomerStatement['statement']['purpose'];
