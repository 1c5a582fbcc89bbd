import { IntentError } from './errors.ts';
import { freezeStatusSchema, type FreezeStatus } from './freeze-status-contract.ts';
import type { Manifest } from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const STATUS_TAG = 'trilock/freeze-status/1';

/** What the signer signs: 32 bytes. */
export function freezeStatusDigest(statement: FreezeStatus['statement']): Uint8Array {
  return hashStatement(STATUS_TAG, statement);
}

/**
 * A freeze status that a platform signer of the manifest gave. How old it is, is for who acts by it. @throws
 * IntentError `freeze_status_malformed`, `intent_wrong_network`, `freeze_status_by_stranger`, `signature_…`.
 */
export async function verifyFreezeStatus(value: unknown, manifest: Manifest): Promise<FreezeStatus> {
  const parsed = freezeStatusSchema.safeParse(value);
  if (!parsed.success) {
    throw new IntentError('freeze_status_malformed', 'This is not a freeze status.', {
      details: { reason: parsed.error.issues[0]?.message ?? '' },
    });
  }
  const { statement, attestedBy, signature } = parsed.data;
  if (statement.network !== manifest.network) {
    throw new IntentError('intent_wrong_network', `It is for ${statement.network}, not ${manifest.network}.`);
  }
  if (!manifest.attestationKeys.platform.some((key) => samePublicKey(key, attestedBy))) {
    throw new IntentError('freeze_status_by_stranger', 'No signer of the manifest gave this freeze status.');
  }
  await verifySignature(attestedBy, freezeStatusDigest(statement), signature);
  return parsed.data;
}
