import { z } from 'zod';
import { idText, plainText, satoshiText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Lets one quarantined deposit go to a customer's balance; the deposit is named by what the chain has of it too. */
export const depositReleaseIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('deposit_release'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    deposit: idText('deposit'),
    /** `txid:vout`. */
    outpoint: z.string().regex(/^[0-9a-f]{64}:[0-9]{1,10}$/),
    satoshis: satoshiText,
    /** Why it may be credited; for staff, never shown to the customer. */
    reason: plainText.min(1),
  }),
});

export type DepositReleaseIntent = z.infer<typeof depositReleaseIntentSchema>;
