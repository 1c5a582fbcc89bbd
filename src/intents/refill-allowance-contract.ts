import { z } from 'zod';
import { hash32, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/** The second signer's word that a refill keeps the hot wallet, in which it holds a key, within its cap. */
export const refillAllowanceSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('refill allowed'),
    network: networkName,
    intentHash: hash32,
    allowedAt: instant,
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type RefillAllowance = z.infer<typeof refillAllowanceSchema>;
