import { IntentError } from './errors.ts';
import { keyTransportSchema, type KeyTransport } from './key-transport-contract.ts';
import type { Manifest } from './manifest-contract.ts';
import { samePublicKey } from './public-key.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const TRANSPORT_TAG = 'trilock/key-transport/1';

/** What the signer signs: 32 bytes. */
export function keyTransportDigest(statement: KeyTransport['statement']): Uint8Array {
  return hashStatement(TRANSPORT_TAG, statement);
}

/**
 * A transport that a platform signer of the manifest asks for. @throws IntentError `transport_malformed`,
 * `intent_wrong_network`, `transport_by_stranger`, `signature_…`.
 */
export async function verifyKeyTransport(
  value: unknown,
  manifest: Manifest,
): Promise<KeyTransport['statement']> {
  const parsed = keyTransportSchema.safeParse(value);
  if (!parsed.success) {
    throw new IntentError('transport_malformed', 'This is not a request of a signer for its keys.', {
      details: { reason: parsed.error.issues[0]?.message ?? '' },
    });
  }
  const { statement, attestedBy, signature } = parsed.data;
  if (statement.network !== manifest.network) {
    throw new IntentError('intent_wrong_network', `It is for ${statement.network}, not ${manifest.network}.`);
  }
  if (!manifest.attestationKeys.platform.some((key) => samePublicKey(key, attestedBy))) {
    throw new IntentError('transport_by_stranger', 'No signer of the manifest asks for these keys.');
  }
  await verifySignature(attestedBy, keyTransportDigest(statement), signature);
  return statement;
}
