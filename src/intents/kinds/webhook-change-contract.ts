import { z } from 'zod';
import { idText, plainText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Sends what happens to a customer's account to another place. */
export const webhookChangeIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('webhook_change'),
  requester: idText('customer'),
  body: z.strictObject({
    customer: idText('customer'),
    webhook: idText('webhook'),
    /** The endpoint's version: when it was changed otherwise meanwhile, nothing happens. */
    number: z.int().min(1),
    /** Visible ASCII, so that no display can be steered by it. */
    url: z.string().regex(/^[\x21-\x7e]{1,2000}$/),
    reason: plainText.min(1),
  }),
});

export type WebhookChangeIntent = z.infer<typeof webhookChangeIntentSchema>;
