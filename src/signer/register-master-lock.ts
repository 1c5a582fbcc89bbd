import { checkMasterLockCurrent, verifyMasterLock, type MasterLockRegistration } from '../intents/index.ts';
import type { PoolClient } from '../postgres/index.ts';
import { SignerError } from './errors.ts';
import { requireInStep, tellWitness } from './in-step.ts';
import { endLock, endWaitingRecovery, lockAnswer, pinLock, sameRegistration } from './lock-record.ts';
import { locksOf, type PinnedLock } from './master-lock-store.ts';
import type { SignerAnswer, SignerParameters } from './signer-contract.ts';
import { exclusively, type SignerParts } from './signer-parts.ts';
import { credentialsOf } from './wallet-store.ts';

const METHOD = 'registerMasterLock';

/** Its signing half is a credential of this customer already, with just this key. */
async function requireCredential(tx: PoolClient, { statement }: MasterLockRegistration): Promise<void> {
  const key = (await credentialsOf(tx, statement.customer)).get(statement.id);
  if (key === undefined) {
    throw new SignerError('credential_unknown', 'The lock’s signing half is not pinned as a credential.', {
      details: { customer: statement.customer, credential: statement.id },
    });
  }
  if (key.algorithm === 'rsa-pss-sha256' && key.spki === statement.signing) return;
  throw new SignerError('credentials_differ', 'This credential is pinned with another key.', {
    details: { customer: statement.customer, credential: statement.id },
  });
}

async function pin(
  parts: SignerParts,
  tx: PoolClient,
  registration: MasterLockRegistration,
  live: PinnedLock | undefined,
): Promise<PinnedLock> {
  const { statement } = registration;
  if (statement.replaces !== (live?.id ?? null)) {
    throw new SignerError('master_lock_differs', 'The lock does not take the place of the one in force.', {
      details: { replaces: statement.replaces, inForce: live?.id ?? null },
    });
  }
  const atMs = parts.clock.nowMs();
  checkMasterLockCurrent(registration, atMs);
  await requireCredential(tx, registration);
  const spki = live?.registration.statement.signing;
  const previous = spki === undefined ? null : ({ algorithm: 'rsa-pss-sha256', spki } as const);
  await verifyMasterLock(registration, parts.network, previous);
  // Whoever has the file at hand needs no way back to it.
  await endWaitingRecovery(parts, tx, statement.customer, 'superseded', METHOD, atMs);
  if (live !== undefined) await endLock(parts, tx, live, 'replaced', METHOD, atMs);
  return pinLock(parts, tx, registration, METHOD, atMs);
}

/**
 * Pins both public halves of a customer's master lock, for the first time or at the word of the lock before, and
 * certifies them. The same registration again gives the same certificates.
 * @throws SignerError `credential_unknown`, `credentials_differ`, `master_lock_differs`, `signer_sealed`; IntentError
 * `master_lock_…`, `approval_out_of_time`, `intent_wrong_network`, `signature_…`.
 */
export async function registerMasterLock(
  parts: SignerParts,
  { registration }: SignerParameters<'registerMasterLock'>,
): Promise<SignerAnswer<'registerMasterLock'>> {
  await requireInStep(parts);
  const lock = await exclusively(parts.pool, async (tx) => {
    const locks = await locksOf(tx, registration.statement.customer);
    const live = locks.find((entry) => entry.live);
    if (live !== undefined && sameRegistration(live.registration, registration)) return live;
    return pin(parts, tx, registration, live);
  });
  await tellWitness(parts);
  return lockAnswer(parts, lock);
}
