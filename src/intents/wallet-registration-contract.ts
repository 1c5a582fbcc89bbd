import { z } from 'zod';
import { idText, networkName } from './fields-contract.ts';
import { keyAttestationSchema } from './key-attestation-contract.ts';
import { publicKeySchema } from './signature-contract.ts';

export const WALLET_PLANS = [
  'custodial',
  'collaborative',
  'self_custody',
  'treasury_hot',
  'treasury_cold',
] as const;
export type WalletPlan = (typeof WALLET_PLANS)[number];

/** A credential with which a customer signs requests. */
export const pinnedCredentialSchema = z.strictObject({
  id: idText('credential'),
  publicKey: publicKeySchema,
});

/**
 * All that signer and station pin of a wallet before its first address: the descriptor, where each of its keys
 * comes from, and whose wallet it is.
 */
export const walletRegistrationSchema = z.strictObject({
  version: z.literal(1),
  wallet: idText('wallet'),
  network: networkName,
  plan: z.enum(WALLET_PLANS),
  /** Null for the institution's own wallets. */
  customer: idText('customer').nullable(),
  /** With its checksum (BIP380). */
  descriptor: z.string().max(2_000),
  keys: z.array(keyAttestationSchema).length(3),
  /** The customer's credentials at the time; none for the institution's own wallets. */
  credentials: z.array(pinnedCredentialSchema).max(20),
});

export type WalletRegistration = z.infer<typeof walletRegistrationSchema>;
export type PinnedCredential = z.infer<typeof pinnedCredentialSchema>;
