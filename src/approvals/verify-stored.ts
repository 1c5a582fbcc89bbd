import { IntentError, verifyStaffRequest, type Manifest, type PublicKey } from '../intents/index.ts';
import type { StoredIntent } from './stored-intent.ts';

/**
 * Checks what staff ask for by the bytes that people signed and the officers' manifest, not by what the table says of
 * them; `credentials` are those of the customer who asks. @throws IntentError.
 */
export async function verifyStored(
  { intent, request, approvals }: StoredIntent,
  manifest: Manifest,
  nowMs: number,
  credentials?: ReadonlyMap<string, PublicKey>,
): Promise<void> {
  if (request === null) {
    throw new IntentError('request_not_signed_by_customer', 'Nobody signed this request.');
  }
  await verifyStaffRequest({ intent, request, approvals }, manifest, nowMs, credentials);
}
