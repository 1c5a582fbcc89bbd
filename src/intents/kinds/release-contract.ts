import { z } from 'zod';
import { idText, plainText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Lifts one restriction of a customer, and no other. */
export const releaseIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('release'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    restriction: idText('restriction'),
    /** Who imposed it: does not lift it, and does not approve that. */
    openedBy: z.union([idText('customer'), idText('staff')]),
    /** Why it may be lifted; for staff, never shown to the customer. */
    reason: plainText.min(1),
  }),
});

export type ReleaseIntent = z.infer<typeof releaseIntentSchema>;
