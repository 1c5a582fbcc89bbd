import { z } from 'zod';
import { hash32, idText, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/**
 * The platform signer's word that it has pinned a registration. A station pins the same registration only
 * together with it, so that both hold one descriptor.
 */
export const registrationReceiptSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('wallet registered'),
    network: networkName,
    wallet: idText('wallet'),
    descriptorHash: hash32,
    /** Hash of the whole registration: keys, attestations and credentials too. */
    registrationHash: hash32,
    /** Number of the manifest by which it was checked. */
    manifest: z.int().min(1),
    registeredAt: instant,
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type RegistrationReceipt = z.infer<typeof registrationReceiptSchema>;
