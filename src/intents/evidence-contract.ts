import { z } from 'zod';
import { approvalSchema, requestSignatureSchema } from './approval-contract.ts';
import { hash32, idText } from './fields-contract.ts';
import { policyChangeIntentSchema } from './kinds/policy-change-contract.ts';
import { registrationReceiptSchema } from './registration-receipt-contract.ts';
import { signingBundleSchema } from './signing-bundle-contract.ts';
import { signingReceiptSchema } from './signing-receipt-contract.ts';
import { walletRegistrationSchema } from './wallet-registration-contract.ts';

/** So many versions of a policy are not put in force within the life of the intents of one transaction. */
const MAX_POLICIES = 1_000;

/** A version of the policy, and by whose word it came into force. */
export const policyEvidenceSchema = z.strictObject({
  number: z.int().min(1),
  /** Its text; `policyHash` of the intents that were written under it is its hash. */
  document: z.record(z.string(), z.json()),
  /** What people approved; null for the one that is built in, and for one that is but tighter than the one before. */
  change: z
    .strictObject({
      intent: policyChangeIntentSchema,
      request: requestSignatureSchema.nullable(),
      approvals: z.array(approvalSchema).max(30),
    })
    .nullable(),
});

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
  /** The versions of the policy that the intents name, each back to one that people approved or that is built in. */
  policies: z.array(policyEvidenceSchema).min(1).max(MAX_POLICIES),
  /** The finished transaction with its witnesses, hex. */
  transaction: z.string().regex(/^([0-9a-f]{2})+$/),
  txid: hash32,
});

export type WithdrawalEvidence = z.infer<typeof withdrawalEvidenceSchema>;
export type PolicyEvidence = z.infer<typeof policyEvidenceSchema>;
