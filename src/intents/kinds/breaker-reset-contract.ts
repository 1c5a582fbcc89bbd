import { z } from 'zod';
import { idText, plainText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Who may trip the circuit breaker: any one of staff, or the machine that measures the outflow. */
export const trippedBySchema = z.union([idText('staff'), z.literal('worker')]);

/** Lets money flow out again after the circuit breaker has tripped. */
export const breakerResetIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('breaker_reset'),
  requester: idText('staff'),
  body: z.strictObject({
    breaker: idText('restriction'),
    /** Neither asks for the reset nor approves it. */
    trippedBy: trippedBySchema,
    reason: plainText.min(1),
  }),
});

export type BreakerResetIntent = z.infer<typeof breakerResetIntentSchema>;
