import { IntentError } from './errors.ts';
import { CLOCK_TOLERANCE_MS } from './intent.ts';
import { masterLockRegistrationSchema, type MasterLockRegistration } from './master-lock-contract.ts';
import type { PublicKey } from './signature-contract.ts';
import { hashStatement } from './tagged-hash.ts';
import { verifySignature } from './verify-signature.ts';

const LOCK_TAG = 'trilock/master-lock/1';

/** A statement that somebody kept for later registers nothing. */
const MAX_AGE_MS = 24 * 3_600_000;

/** What both halves of a master lock sign, and the lock before it: 32 bytes. */
export function masterLockDigest(statement: MasterLockRegistration['statement']): Uint8Array {
  return hashStatement(LOCK_TAG, statement);
}

/** @throws IntentError `master_lock_malformed`. */
export function parseMasterLockRegistration(value: unknown): MasterLockRegistration {
  const parsed = masterLockRegistrationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new IntentError('master_lock_malformed', 'This is not the registration of a master lock.', {
    details: {
      path: parsed.error.issues[0]?.path.join('.') ?? '',
      reason: parsed.error.issues[0]?.message ?? '',
    },
  });
}

async function verifyRsa(spki: string, digest: Uint8Array, signature: string): Promise<void> {
  const algorithm = 'rsa-pss-sha256';
  await verifySignature({ algorithm, spki }, digest, { algorithm, signature });
}

/**
 * Checks that both private halves are held by whoever registers, that they are two keys, and that the lock before, if
 * one is to be replaced by its owner, agrees. Whether the customer may register it is for whoever keeps the record.
 * `previous` is that lock's signing half: null for none.
 * @throws IntentError `master_lock_malformed`, `master_lock_not_vouched_for`, `intent_wrong_network`, `signature_…`.
 */
export async function verifyMasterLock(
  registration: MasterLockRegistration,
  network: MasterLockRegistration['statement']['network'],
  previous: PublicKey | null,
): Promise<void> {
  const { statement, possession } = registration;
  if (statement.network !== network) {
    throw new IntentError('intent_wrong_network', `The lock is for ${statement.network}, not ${network}.`);
  }
  if (statement.signing === statement.decryption) {
    throw new IntentError('master_lock_malformed', 'One key must not sign and decrypt: both halves differ.');
  }
  const digest = masterLockDigest(statement);
  await verifyRsa(statement.signing, digest, possession.signing);
  await verifyRsa(statement.decryption, digest, possession.decryption);
  if (previous === null) return;
  if (previous.algorithm !== 'rsa-pss-sha256' || registration.previous === null) {
    throw new IntentError('master_lock_not_vouched_for', 'The lock before has not signed for the new one.');
  }
  await verifyRsa(previous.spki, digest, registration.previous);
}

/** @throws IntentError `approval_out_of_time` unless it was signed within the last day. */
export function checkMasterLockCurrent({ statement }: MasterLockRegistration, nowMs: number): void {
  const age = nowMs - Date.parse(statement.signedAt);
  if (age <= MAX_AGE_MS && age >= -CLOCK_TOLERANCE_MS) return;
  throw new IntentError('approval_out_of_time', 'The lock was not signed within the last day.', {
    details: { signedAt: statement.signedAt },
  });
}
