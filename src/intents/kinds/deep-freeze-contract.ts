import { z } from 'zod';
import { idText, plainText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Takes the platform keys of a customer's wallets off every machine with a network. */
export const deepFreezeIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('deep_freeze'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    /** The restriction that it becomes. */
    restriction: idText('restriction'),
    /** What the customer may read. */
    text: plainText.min(1),
    /** For staff alone. */
    reason: plainText.min(1),
  }),
});

export type DeepFreezeIntent = z.infer<typeof deepFreezeIntentSchema>;
