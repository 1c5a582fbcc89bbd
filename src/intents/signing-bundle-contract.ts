import { z } from 'zod';
import { abandonmentSchema } from './abandonment-contract.ts';
import { approvalSchema, requestSignatureSchema } from './approval-contract.ts';
import { idText } from './fields-contract.ts';
import { spendIntentSchema } from './intent-contract.ts';

/** At most so many intents are paid by one transaction. */
const MAX_INTENTS = 200;
/** Transactions that were built for them before. */
const MAX_ABANDONED = 500;
/** With the first, a payout is signed for four fees at most. */
export const MAX_VARIANTS = 3;

/** One intent with everything that entitles it. */
export const entitledIntentSchema = z.strictObject({
  intent: spendIntentSchema,
  /** The signature of whoever asks; what the system makes by itself has none. */
  request: requestSignatureSchema.nullable(),
  approvals: z.array(approvalSchema).max(30),
});

/**
 * What a station and the signer get to see: a PSBT and every intent that it carries out, with signatures. They
 * trust nothing else about it.
 */
export const signingBundleSchema = z.strictObject({
  version: z.literal(1),
  wallet: idText('wallet'),
  intents: z.array(entitledIntentSchema).min(1).max(MAX_INTENTS),
  /** BIP174, base64. */
  psbt: z.string().max(16 * 1024 * 1024),
  /**
   * Of a child that pays for its parent: the PSBT of the parent, which pays the intents. The child spends the
   * parent's change to the same wallet and pays nobody.
   */
  parent: z
    .string()
    .max(16 * 1024 * 1024)
    .optional(),
  /**
   * PSBTs of the same payout at higher fees, each dearer than the one before: they spend the same coins, so that one
   * of all can confirm. Signed together with the first, they need nobody at the station when blocks are full.
   */
  variants: z
    .array(z.string().max(16 * 1024 * 1024))
    .max(MAX_VARIANTS)
    .optional(),
  /** Of transactions that a station may have signed for some of these intents, and that will never be complete. */
  abandoned: z.array(abandonmentSchema).max(MAX_ABANDONED).optional(),
});

export type EntitledIntent = z.infer<typeof entitledIntentSchema>;
export type SigningBundle = z.infer<typeof signingBundleSchema>;
