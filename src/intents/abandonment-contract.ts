import { z } from 'zod';
import { hash32, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/**
 * The platform signer's word that it has never let a signature for a transaction out and never will. Since it signs
 * last, a station that signed it before may sign another transaction for the same intents.
 */
export const abandonmentSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('transaction abandoned'),
    network: networkName,
    txid: hash32,
    abandonedAt: instant,
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type Abandonment = z.infer<typeof abandonmentSchema>;
