import { z } from 'zod';
import { hash32, idText, plainText, satoshiText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** The treasury wallet whose coins move, by the hash of its descriptor, so that it cannot be exchanged. */
const source = {
  wallet: idText('wallet'),
  descriptorHash: hash32,
  maxFeeSatoshis: satoshiText,
};

/** Where they move to. The descriptor stands here whole: whoever checks derives the address from it. */
const destination = z.strictObject({
  wallet: idText('wallet'),
  /** With its checksum (BIP380). */
  descriptor: z.string().max(2_000),
  /** On the change branch, of which customers are never given an address. */
  index: z.int().min(0).max(100_000),
});

/** From hot to cold: what the hot wallet does not need. */
const sweepSchema = z.strictObject({
  purpose: z.literal('sweep'),
  ...source,
  to: destination,
  satoshis: satoshiText,
});

/** From cold to hot. */
const refillSchema = z.strictObject({
  purpose: z.literal('refill'),
  ...source,
  to: destination,
  satoshis: satoshiText,
  /** What there is when it is asked for, as whoever approves has read it: in the hot wallet, and in all. */
  hotSatoshis: satoshiText,
  assetsSatoshis: satoshiText,
  reason: plainText.min(1),
});

/** Many small coins of one wallet become one, on its own change branch. */
const consolidationSchema = z.strictObject({ purpose: z.literal('consolidation'), ...source });

/** Moves coins of the institution between its own wallets. */
export const treasuryMoveIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('treasury_move'),
  /** Sweeps and consolidations the system makes by itself. */
  requester: z.union([idText('staff'), z.literal('worker')]),
  body: z.discriminatedUnion('purpose', [sweepSchema, refillSchema, consolidationSchema]),
});

export type TreasuryMoveIntent = z.infer<typeof treasuryMoveIntentSchema>;
export type TreasuryMoveBody = TreasuryMoveIntent['body'];
