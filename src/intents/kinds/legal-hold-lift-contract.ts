import { z } from 'zod';
import { idText, plainText, satoshiText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Lifts one hold that a legal order placed on a part of a balance. */
export const legalHoldLiftIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('legal_hold_lift'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    hold: idText('legalHold'),
    satoshis: satoshiText,
    /** How the authority names its order. */
    reference: plainText.min(1),
    /** Who entered the order: does not ask to lift it, and does not approve that. */
    imposedBy: idText('staff'),
    /** Why it may be lifted. */
    reason: plainText.min(1),
  }),
});

export type LegalHoldLiftIntent = z.infer<typeof legalHoldLiftIntentSchema>;
