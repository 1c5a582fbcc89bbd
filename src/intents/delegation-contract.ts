import { z } from 'zod';
import { idText, instant, networkName } from './fields-contract.ts';
import { CONTROL_KINDS } from './intent-contract.ts';
import { APPROVER_ROLES } from './manifest-contract.ts';
import { signatureSchema } from './signature-contract.ts';

/** What approvals may be delegated for: all but what the officers decide by their own quorum. */
export const DELEGABLE_KINDS = ['withdrawal', ...CONTROL_KINDS] as const;

/** One approver lets another approve in their place, for a time. Both stand in the manifest. */
export const delegationSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('delegation'),
    network: networkName,
    delegator: idText('staff'),
    delegate: idText('staff'),
    /** The delegator's own: the delegate's approval counts as one of it. */
    role: z.enum(APPROVER_ROLES),
    kinds: z.array(z.enum(DELEGABLE_KINDS)).min(1),
    from: instant,
    until: instant,
  }),
  /** Of the delegator. */
  signature: signatureSchema,
});

export type Delegation = z.infer<typeof delegationSchema>;
export type DelegationStatement = Delegation['statement'];
