import { z } from 'zod';
import { hash32, idText, instant, networkName } from '../fields-contract.ts';

/** What every intent says besides its body. */
export const envelope = {
  version: z.literal(1),
  id: idText('intent'),
  network: networkName,
  createdAt: instant,
  expiresAt: instant,
  /** 16 random bytes, hex. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  policyVersion: z.int().min(0),
  /** Of that version's document: whoever signs or approves an intent signs which text of the policy it was written under. */
  policyHash: hash32.optional(),
  /** Who asks: a customer, or a member of staff. Whoever asks does not approve. */
  requester: z.union([idText('customer'), idText('staff')]),
};
