import { auditCheckpointSchema, type AuditCheckpoint } from './audit-checkpoint-contract.ts';
import { IntentError } from './errors.ts';
import { samePublicKey } from './public-key.ts';
import type { PublicKey } from './signature-contract.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const CHECKPOINT_TAG = 'trilock/audit-checkpoint/1';

/** What the signer signs: 32 bytes. */
export function auditCheckpointDigest(statement: AuditCheckpoint['statement']): Uint8Array {
  return hashStatement(CHECKPOINT_TAG, statement);
}

/** @throws IntentError `checkpoint_malformed`. */
export function parseAuditCheckpoint(value: unknown): AuditCheckpoint {
  const parsed = auditCheckpointSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new IntentError('checkpoint_malformed', 'This is not a checkpoint of the audit log.', {
    details: { reason: parsed.error.issues[0]?.message ?? '' },
  });
}

/**
 * Checks that a checkpoint is the word of a signer that the caller trusts.
 * @throws IntentError `checkpoint_signed_by_stranger`, `signature_…`.
 */
export async function verifyAuditCheckpoint(
  { statement, attestedBy, signature }: AuditCheckpoint,
  trusted: readonly PublicKey[],
): Promise<void> {
  const key = trusted.find((entry) => samePublicKey(entry, attestedBy));
  if (key === undefined) {
    throw new IntentError('checkpoint_signed_by_stranger', 'This signer is not one that is trusted here.');
  }
  await verifySignature(key, auditCheckpointDigest(statement), signature);
}
