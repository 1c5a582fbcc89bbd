import { z } from 'zod';
import { hash32, idText, instant, networkName, plainText, satoshiText } from './fields-contract.ts';
import { masterLockRecoveryBodySchema } from './master-lock-contract.ts';

/** At most this many payments in one intent: more is a mistake, or hides one payee among many. */
const MAX_PAYMENTS = 100;

export const paymentSchema = z.strictObject({
  address: z.string().min(14).max(100),
  satoshis: satoshiText,
});

/** What a withdrawal is to do: pay these addresses, these amounts, out of this wallet, for at most this fee. */
export const withdrawalBodySchema = z.strictObject({
  customer: idText('customer'),
  /** Which of the customer's two balances is debited. */
  balance: z.enum(['vault', 'spending']),
  wallet: idText('wallet'),
  /** SHA-256 of the source wallet's canonical descriptor with checksum, so that the wallet cannot be exchanged. */
  descriptorHash: hash32,
  payments: z.array(paymentSchema).min(1).max(MAX_PAYMENTS),
  maxFeeSatoshis: satoshiText,
  memo: plainText.optional(),
});

const envelope = {
  version: z.literal(1),
  id: idText('intent'),
  network: networkName,
  createdAt: instant,
  expiresAt: instant,
  /** 16 random bytes, hex. */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  policyVersion: z.int().min(0),
  /** Who asks: a customer, or a member of staff. Whoever asks does not approve. */
  requester: z.union([idText('customer'), idText('staff')]),
};

export const withdrawalIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('withdrawal'),
  body: withdrawalBodySchema,
});

/** Asked for by the staff who recognised the customer; what it does begins when officers have approved it. */
export const masterLockRecoveryIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('master_lock_recovery'),
  body: masterLockRecoveryBodySchema,
});

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

/** Lets one quarantined deposit go to a customer's balance; the deposit is named by what the chain has of it too. */
export const depositReleaseIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('deposit_release'),
  requester: idText('staff'),
  body: z.strictObject({
    customer: idText('customer'),
    deposit: idText('deposit'),
    /** `txid:vout`. */
    outpoint: z.string().regex(/^[0-9a-f]{64}:[0-9]{1,10}$/),
    satoshis: satoshiText,
    /** Why it may be credited; for staff, never shown to the customer. */
    reason: plainText.min(1),
  }),
});

/** Kinds whose quorum is a rule of their own in the manifest; one without a rule is never carried out. */
export const CONTROL_KINDS = ['release', 'deposit_release'] as const;

/** The canonical statement of what is to happen. Each kind has a body of its own. */
export const intentSchema = z.discriminatedUnion('kind', [
  withdrawalIntentSchema,
  masterLockRecoveryIntentSchema,
  releaseIntentSchema,
  depositReleaseIntentSchema,
]);

export type Intent = z.infer<typeof intentSchema>;
export type IntentKind = Intent['kind'];
export type WithdrawalIntent = z.infer<typeof withdrawalIntentSchema>;
export type MasterLockRecoveryIntent = z.infer<typeof masterLockRecoveryIntentSchema>;
export type ReleaseIntent = z.infer<typeof releaseIntentSchema>;
export type DepositReleaseIntent = z.infer<typeof depositReleaseIntentSchema>;
export type IntentOf<Kind extends IntentKind> = Extract<Intent, { readonly kind: Kind }>;
export type WithdrawalBody = z.infer<typeof withdrawalBodySchema>;
export type Payment = z.infer<typeof paymentSchema>;
