import { IntentError, verifyStaffRequest, type Manifest } from '../intents/index.ts';
import type { StoredIntent } from './stored-intent.ts';

/**
 * Checks what staff ask for by the bytes that people signed and the officers' manifest, not by what the table says of
 * them. @throws IntentError.
 */
export async function verifyStored(
  { intent, request, approvals }: StoredIntent,
  manifest: Manifest,
  nowMs: number,
): Promise<void> {
  if (request === null) {
    throw new IntentError('request_not_signed_by_customer', 'Nobody signed this request.');
  }
  await verifyStaffRequest({ intent, request, approvals }, manifest, nowMs);
}
