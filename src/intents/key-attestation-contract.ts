import { z } from 'zod';
import { networkName, plainText } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

export const COSIGNER_ROLES = ['platform', 'cold', 'backup', 'customer'] as const;
export type CosignerRole = (typeof COSIGNER_ROLES)[number];

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
  /** The account key's own proof of possession, with the statement's digest as its challenge: hex. */
  possession: z.string().regex(/^[0-9a-f]{128}$/),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type KeyAttestation = z.infer<typeof keyAttestationSchema>;
export type KeyStatement = KeyAttestation['statement'];
