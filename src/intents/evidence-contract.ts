import { z } from 'zod';
import { hash32, idText } from './fields-contract.ts';
import { registrationReceiptSchema } from './registration-receipt-contract.ts';
import { signingBundleSchema } from './signing-bundle-contract.ts';
import { signingReceiptSchema } from './signing-receipt-contract.ts';
import { walletRegistrationSchema } from './wallet-registration-contract.ts';

/**
 * All that a withdrawal rests on, for somebody who trusts the officers' manifests and nothing else: what was asked for
 * and by whom, who approved it, from which wallet, what the signer checked, and the transaction that came of it.
 */
export const withdrawalEvidenceSchema = z.strictObject({
  version: z.literal(1),
  withdrawal: idText('withdrawal'),
  /** The withdrawal's intent, one of those in the bundle. */
  intentHash: hash32,
  /** As it was laid before the signer, with the other cosigner's signatures. */
  bundle: signingBundleSchema,
  wallet: z.strictObject({ registration: walletRegistrationSchema, receipt: registrationReceiptSchema }),
  signed: signingReceiptSchema,
  /** The finished transaction with its witnesses, hex. */
  transaction: z.string().regex(/^([0-9a-f]{2})+$/),
  txid: hash32,
});

export type WithdrawalEvidence = z.infer<typeof withdrawalEvidenceSchema>;
