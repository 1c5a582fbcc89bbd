import { z } from 'zod';
import { hash32, instant, networkName } from './fields-contract.ts';
import { publicKeySchema, signatureSchema } from './signature-contract.ts';

/** A whole number in decimal digits, below 2^63. */
export const chainPosition = z.string().regex(/^(0|[1-9][0-9]{0,18})$/);

/** A place in the chain of audit entries: how many there are up to here, and the hash over all of them. */
const auditPointSchema = z.strictObject({ position: chainPosition, head: hash32 });

/**
 * The platform signer's word on the audit log: up to `position` it is what `head` says, and it continues what the
 * signer attested before. Whoever keeps one notices whatever is changed before it.
 */
export const auditCheckpointSchema = z.strictObject({
  statement: z.strictObject({
    purpose: z.literal('audit checkpoint'),
    network: networkName,
    ...auditPointSchema.shape,
    /** The one that this signer attested before. Position 0 is the beginning. */
    previous: auditPointSchema,
    attestedAt: instant,
  }),
  attestedBy: publicKeySchema,
  signature: signatureSchema,
});

export type AuditPoint = z.infer<typeof auditPointSchema>;
export type AuditCheckpoint = z.infer<typeof auditCheckpointSchema>;
