import { z } from 'zod';
import { hash32, idText, plainText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Puts a policy in force that may let through what the one before would not. */
export const policyChangeIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('policy_change'),
  requester: idText('staff'),
  body: z.strictObject({
    draft: idText('policy'),
    /** Of the new policy: what is approved is this text and no other. */
    policyHash: hash32,
    /** The version that it follows; when another is in force by then, nothing happens. */
    replaces: z.int().min(1),
    /** Of the policy that it follows. */
    replacesHash: hash32,
    /** What it may let through, a sentence each; the first ones when there are many. */
    loosens: z.array(plainText.min(1)).min(1).max(20),
    reason: plainText.min(1),
  }),
});

export type PolicyChangeIntent = z.infer<typeof policyChangeIntentSchema>;
