import { z } from 'zod';
import { idText, plainText } from '../fields-contract.ts';
import { keyAttestationSchema } from '../key-attestation-contract.ts';
import { envelope } from './envelope-contract.ts';

/** Opens a wallet with keys that no wallet has had, in the place of another of the same customer and plan. */
export const keyRotationIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('key_rotation'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    wallet: idText('wallet'),
    /** The one that is opened. */
    replacement: idText('wallet'),
    /** New ones of the customer's own, as many as the plan has. */
    customerKeys: z.array(keyAttestationSchema).max(2),
    reason: plainText.min(1),
  }),
});

export type KeyRotationIntent = z.infer<typeof keyRotationIntentSchema>;
