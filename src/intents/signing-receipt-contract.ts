import { z } from 'zod';
import { hash32, idText, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/**
 * The platform signer's word on what it checked before it signed a transaction: by which manifest, for which intents,
 * and by which pinned credential each was asked for. With it anybody can check the same again later.
 */
export const signingReceiptSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('transaction signed'),
    network: networkName,
    txid: hash32,
    wallet: idText('wallet'),
    manifest: z.strictObject({ number: z.int().min(1), hash: hash32 }),
    /** In the bundle's order. */
    intents: z
      .array(
        z.strictObject({
          hash: hash32,
          /** As it is pinned in the signer, or as the manifest has it for staff; null where nobody asks. */
          requestedBy: z
            .strictObject({
              credential: z.union([idText('credential'), idText('staff')]),
              publicKey: publicKeySchema,
            })
            .nullable(),
        }),
      )
      .min(1)
      .max(200),
    /** When it was checked. */
    checkedAt: instant,
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type SigningReceipt = z.infer<typeof signingReceiptSchema>;
