import type { DatabaseTransaction } from '../database/index.ts';
import { parseCustomerStatement, verifyCustomerStatement } from '../intents/index.ts';
import type { CredentialId, CustomerId } from '../shared/index.ts';
import { LockError } from './errors.ts';
import type { LockParts } from './lock-parts.ts';
import { record, type Cause } from './lock-records.ts';
import { findLock, moveLock } from './master-lock-store.ts';
import { decide, type MasterLockRecord } from './master-lock.ts';

/** A lock of this customer; somebody else's does not exist. @throws LockError `master_lock_not_found`. */
export function requireOwner(lock: MasterLockRecord, customer: CustomerId): void {
  if (lock.customer !== customer)
    throw new LockError('master_lock_not_found', 'There is no such master lock.');
}

/**
 * Takes a lock's own word that it ends; the signer judges the same statement next, and ends it.
 * @throws LockError `master_lock_…`; IntentError `statement_…`, `signature_…`.
 */
export async function revokeMasterLock(
  tx: DatabaseTransaction,
  parts: LockParts,
  { customer, id }: { readonly customer: CustomerId; readonly id: CredentialId },
  document: unknown,
  cause: Cause,
): Promise<MasterLockRecord> {
  const statement = parseCustomerStatement(document);
  const lock = await findLock(tx, id);
  requireOwner(lock, customer);
  decide(lock, 'revoke');
  const { network, clock } = parts;
  const expected = { purpose: 'revoke master lock', network, customer, subject: id } as const;
  const key = { algorithm: 'rsa-pss-sha256', spki: lock.registration.statement.signing } as const;
  await verifyCustomerStatement(statement, expected, key, clock.nowMs());
  await moveLock(tx, lock, 'revoke', new Date(clock.nowMs()), { revocation: statement });
  await record(tx, parts, cause, 'master_lock.revoke', id, { customer });
  return await findLock(tx, id);
}
