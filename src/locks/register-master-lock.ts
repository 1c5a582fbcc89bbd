import type { DatabaseTransaction } from '../database/index.ts';
import {
  checkMasterLockCurrent,
  parseMasterLockRegistration,
  verifyMasterLock,
  type MasterLockRegistration,
} from '../intents/index.ts';
import type { CustomerId } from '../shared/index.ts';
import { addSigningCredential, signingCredentialsOf } from '../wallets/index.ts';
import { LockError } from './errors.ts';
import type { LockParts } from './lock-parts.ts';
import { record, type Cause } from './lock-records.ts';
import { findLock, insertLock, lockCustomer, locksOf } from './master-lock-store.ts';
import { isInForce, type MasterLockRecord } from './master-lock.ts';

/** What a customer hands in, as it came. */
export interface LockDocument {
  readonly registration: unknown;
  /** Makes its signing half a credential; null when it is one already. */
  readonly pin: unknown;
  /** A name for people. */
  readonly label: string;
}

/** Its signing half is a credential of the customer, with just this key: already, or by the pin. */
async function requireCredential(
  tx: DatabaseTransaction,
  parts: LockParts,
  customer: CustomerId,
  { statement }: MasterLockRegistration,
  { pin, label }: LockDocument,
  cause: Cause,
): Promise<void> {
  const known = (await signingCredentialsOf(tx, customer)).find(({ id }) => id === statement.id);
  const credential = known ?? (await addSigningCredential(tx, parts, customer, { pin, label }, cause));
  const { id, publicKey } = credential;
  const isSame = publicKey.algorithm === 'rsa-pss-sha256' && publicKey.spki === statement.signing;
  if (id === statement.id && isSame) return;
  throw new LockError('master_lock_key_differs', 'The credential is not the signing half of the lock.', {
    details: { credential: id, lock: statement.id },
  });
}

/**
 * Takes a customer's master lock: the first one, or one in place of the lock in force, which signs for it. The
 * signer is told next; it checks the same again, and issues the certificates.
 * @throws LockError `master_lock_…`; WalletError `credential_…`; IntentError `master_lock_…`, `signature_…`,
 * `approval_out_of_time`, `intent_wrong_network`.
 */
export async function registerMasterLock(
  tx: DatabaseTransaction,
  parts: LockParts,
  customer: CustomerId,
  document: LockDocument,
  cause: Cause,
): Promise<MasterLockRecord> {
  const registration = parseMasterLockRegistration(document.registration);
  const { statement } = registration;
  if (statement.customer !== customer) {
    throw new LockError('master_lock_of_another', 'The lock is made for another customer.');
  }
  const nowMs = parts.clock.nowMs();
  checkMasterLockCurrent(registration, nowMs);
  await lockCustomer(tx, customer);
  const locks = await locksOf(tx, customer);
  const live = locks.find(isInForce);
  if (locks.some(({ state }) => state === 'registering')) {
    throw new LockError('master_lock_being_registered', 'Another lock is being registered already.');
  }
  if (statement.replaces !== (live?.id ?? null)) {
    throw new LockError('master_lock_not_in_place', 'It does not take the place of the lock in force.', {
      details: { replaces: statement.replaces, inForce: live?.id ?? null },
    });
  }
  const spki = live?.registration.statement.signing;
  const previous = spki === undefined ? null : ({ algorithm: 'rsa-pss-sha256', spki } as const);
  await verifyMasterLock(registration, parts.network, previous);
  await requireCredential(tx, parts, customer, registration, document, cause);
  if (locks.some(({ id }) => id === statement.id)) {
    throw new LockError(
      'master_lock_key_differs',
      'This credential was a master lock before; make a new one.',
    );
  }
  await insertLock(tx, registration, new Date(nowMs));
  const facts = { customer, replaces: statement.replaces };
  await record(tx, parts, cause, 'master_lock.register', statement.id, facts);
  return await findLock(tx, statement.id as MasterLockRecord['id']);
}
