import {
  checkIntentCurrent,
  checkManifestCurrent,
  parseIntent,
  verifyStaffRequest,
  type StaffRequest,
} from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { SignerError } from './errors.ts';
import { requireManifest } from './manifest-store.ts';
import { requireUncloned } from './passkey-uses.ts';
import { approvalsCountFrom } from './seal-and-resume.ts';
import type { SignerParts } from './signer-parts.ts';

/**
 * Checks that staff may have what they ask of the signer: by its own manifest, now, and with no signature from before
 * it was last resumed. @returns the people who approved. @throws IntentError; SignerError `manifest_missing`,
 * `approval_before_resume`, `passkey_cloned`.
 */
export async function requireEntitledStaff(
  { clock, network }: Pick<SignerParts, 'clock' | 'network'>,
  tx: PoolClient,
  document: StaffRequest,
): Promise<readonly string[]> {
  const nowMs = clock.nowMs();
  const manifest = await requireManifest(tx);
  checkManifestCurrent(manifest, nowMs);
  checkIntentCurrent(parseIntent(document.intent), network, nowMs);
  const people = await verifyStaffRequest(document, manifest, nowMs);
  // Staff sign with keys of the manifest alone.
  await requireUncloned(tx, [document], { manifest, credentialsOf: () => new Map() }, nowMs);
  const validFrom = await approvalsCountFrom(tx);
  const signed = [document.request.statement, ...document.approvals.map(({ statement }) => statement)];
  if (signed.some(({ signedAt }) => Date.parse(signedAt) < validFrom)) {
    throw new SignerError('approval_before_resume', 'What was signed before the signer was resumed is void.');
  }
  return people;
}
