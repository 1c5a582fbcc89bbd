import { z } from 'zod';
import { networkName, plainText } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/** `platform_b`: the second signer, of a wallet that two signers spend; `platform` is the first. */
export const COSIGNER_ROLES = ['platform', 'platform_b', 'cold', 'backup', 'customer'] as const;
export type CosignerRole = (typeof COSIGNER_ROLES)[number];
/** Which of the two platform signers. */
export type SignerRole = Extract<CosignerRole, 'platform' | 'platform_b'>;

const proofText = z.string().regex(/^[\x20-\x7e]{1,200}(\n[\x20-\x7e]{0,200}){0,3}$/);
const deviceSignature = z.string().regex(/^[A-Za-z0-9+/]{87}=$/);
const childNumber = z.int().min(0).max(2_147_483_647);

/** A hardware wallet signs texts alone: one that names the statement, or a key record of BIP129. */
const deviceProofSchema = z.discriminatedUnion('form', [
  z.strictObject({
    form: z.literal('message'),
    /** Of the key below the account key that signed. */
    branch: childNumber,
    index: childNumber,
    signature: deviceSignature,
  }),
  z.strictObject({ form: z.literal('record'), record: proofText, signature: deviceSignature }),
]);

/**
 * Where an account key comes from: whoever made it (a station, the platform signer, or the customer's own
 * credential) signs its public half with what it is for; the key itself signs too, so that nobody can bring in
 * a key that they do not hold.
 */
export const keyAttestationSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('account key'),
    network: networkName,
    role: z.enum(COSIGNER_ROLES),
    /** Fingerprint of the master key and BIP48 path of the account (BIP380): `[d34db33f/48h/1h/0h/2h]`. */
    origin: z.string().regex(/^\[[0-9a-f]{8}(\/[0-9]{1,10}h){4}\]$/),
    xpub: z.string().min(100).max(120),
    /** Name of the station, signer or customer that made it. */
    source: plainText.min(1),
  }),
  /**
   * The account key's own proof of possession, with the statement's digest as its challenge: hex; of a key in a
   * hardware wallet what the device signed.
   */
  possession: z.union([z.string().regex(/^[0-9a-f]{128}$/), deviceProofSchema]),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type KeyAttestation = z.infer<typeof keyAttestationSchema>;
export type KeyStatement = KeyAttestation['statement'];
