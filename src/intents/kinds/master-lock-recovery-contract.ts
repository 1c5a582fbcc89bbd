import { z } from 'zod';
import { masterLockRecoveryBodySchema } from '../master-lock-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Asked for by the staff who recognised the customer; what it does begins when officers have approved it. */
export const masterLockRecoveryIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('master_lock_recovery'),
  body: masterLockRecoveryBodySchema,
});

export type MasterLockRecoveryIntent = z.infer<typeof masterLockRecoveryIntentSchema>;
