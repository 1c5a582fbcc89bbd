import { z } from 'zod';
import { delegationSchema } from './delegation-contract.ts';
import { hash32, idText, instant, plainText } from './fields-contract.ts';
import { signatureSchema } from './signature-contract.ts';

/** The signature of whoever asks: by a customer's credential, or by the key that the manifest names for one of staff. */
export const requestSignatureSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('request'),
    intentHash: hash32,
    credential: z.union([idText('credential'), idText('staff')]),
    signedAt: instant,
  }),
  signature: signatureSchema,
});

/** One approver's word on one intent. */
export const approvalSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('approval'),
    intentHash: hash32,
    decision: z.enum(['approve', 'reject']),
    approver: idText('staff'),
    signedAt: instant,
    /** Why; required of a rejection. */
    reason: plainText.optional(),
    /** Hash of the delegation under which it is given. */
    delegation: hash32.optional(),
  }),
  signature: signatureSchema,
  /** That delegation: by it the approval counts in the place of another. */
  delegation: delegationSchema.optional(),
});

export type RequestSignature = z.infer<typeof requestSignatureSchema>;
export type Approval = z.infer<typeof approvalSchema>;
export type ApprovalStatement = Approval['statement'];
export type RequestStatement = RequestSignature['statement'];
