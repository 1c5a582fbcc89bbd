import { z } from 'zod';
import { hash32, idText, instant, plainText, satoshiText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** For a time, a rule of the policy that limits amounts begins for one customer at a higher one. */
export const limitRaiseIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('limit_raise'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    /** The rule's name, and the hash of what it says: when it says something else, the raise is void. */
    rule: plainText.min(1),
    ruleHash: hash32,
    /** Up to and including this the rule does not count. */
    satoshis: satoshiText,
    until: instant,
    reason: plainText.min(1),
  }),
});

export type LimitRaiseIntent = z.infer<typeof limitRaiseIntentSchema>;
