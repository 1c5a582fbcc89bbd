import { z } from 'zod';
import { hash32, idText, instant, plainText } from './fields-contract.ts';
import { signatureSchema } from './signature-contract.ts';

/** The customer's own signature over the intent. */
export const requestSignatureSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('request'),
    intentHash: hash32,
    credential: idText('credential'),
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
  }),
  signature: signatureSchema,
});

export type RequestSignature = z.infer<typeof requestSignatureSchema>;
export type Approval = z.infer<typeof approvalSchema>;
export type ApprovalStatement = Approval['statement'];
export type RequestStatement = RequestSignature['statement'];
