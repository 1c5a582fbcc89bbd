import { z } from 'zod';
import { hash32, idText, plainText, satoshiText } from '../fields-contract.ts';
import { travelRuleSchema } from './travel-rule-contract.ts';
import { envelope } from './envelope-contract.ts';

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
  /** Required above the manifest's amount. */
  travelRule: travelRuleSchema.optional(),
});

export const withdrawalIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('withdrawal'),
  body: withdrawalBodySchema,
});

export type WithdrawalIntent = z.infer<typeof withdrawalIntentSchema>;
export type WithdrawalBody = z.infer<typeof withdrawalBodySchema>;
export type Payment = z.infer<typeof paymentSchema>;
