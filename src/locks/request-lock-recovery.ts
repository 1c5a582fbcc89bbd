import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  parseCustomerStatement,
  parseMasterLockRegistration,
  verifyCustomerStatement,
  verifyMasterLock,
  IntentError,
} from '../intents/index.ts';
import { idToUuid, isoTime, parseId, type CustomerId, type IntentId, type StaffId } from '../shared/index.ts';
import { signingCredentialsOf } from '../wallets/index.ts';
import { LockError } from './errors.ts';
import type { RecoveryParts } from './lock-parts.ts';
import { findRecovery, insertCancellation, recoveryUnderWay } from './lock-recovery-store.ts';
import { decideRecovery, type LockRecovery } from './lock-recovery.ts';
import { record } from './lock-records.ts';
import { lockCustomer, locksOf } from './master-lock-store.ts';

/** Officers are few, and not always at their desks. */
const LIFETIME_MS = 7 * 24 * 3_600_000;

export interface RecoveryRequest {
  readonly intent: IntentId;
  readonly requester: StaffId;
  /** Of the new lock, as the customer made it. */
  readonly registration: unknown;
  readonly identification: {
    readonly method: string;
    readonly reference: string;
    readonly checkedAt: Date;
  };
}

/**
 * Writes down that a customer whom staff have recognised is to have a new lock in place of a lost one. The one who
 * asks signs it next, the officers' quorum approves it, and then the signer's 14 days begin.
 * @throws LockError `master_lock_not_in_place`, `master_lock_key_differs`, `lock_recovery_under_way`; IntentError
 * `master_lock_malformed`, `intent_wrong_network`, `signature_…`.
 */
export async function requestLockRecovery(
  parts: RecoveryParts,
  tx: DatabaseTransaction,
  { intent: id, requester, registration: document, identification }: RecoveryRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const registration = parseMasterLockRegistration(document);
  const { statement } = registration;
  const customer = parseId('customer', statement.customer);
  await lockCustomer(tx, customer);
  const last = (await locksOf(tx, customer)).find(({ pinnedAt }) => pinnedAt !== null);
  if (last === undefined || statement.replaces !== last.id) {
    throw new LockError(
      'master_lock_not_in_place',
      'It does not take the place of the customer’s last lock.',
      {
        details: { replaces: statement.replaces, last: last?.id ?? null },
      },
    );
  }
  if ((await recoveryUnderWay(tx, customer)) !== undefined) {
    throw new LockError('lock_recovery_under_way', 'A way back is under way already.');
  }
  const lock = parseId('credential', statement.id);
  if ((await tx.credential.count({ where: { id: idToUuid(lock) } })) > 0) {
    throw new LockError('master_lock_key_differs', 'The new lock is no new one.');
  }
  await verifyMasterLock(registration, parts.network, null);
  const { method, reference, checkedAt } = identification;
  const intent = await parts.queue.draft(tx, {
    kind: 'master_lock_recovery',
    id,
    requester,
    lifetimeMs: LIFETIME_MS,
    body: {
      customer,
      lost: last.id,
      registration,
      identification: { method, reference, checkedAt: isoTime(checkedAt.getTime()) },
    },
  });
  return await parts.queue.submit(tx, intent, by);
}

/**
 * Takes a customer's objection to the way back: by any credential of theirs, the lost lock's own file too. The signer
 * judges the same statement next. @throws LockError `lock_recovery_…`; IntentError `statement_…`, `signature_…`,
 * `request_not_signed_by_customer`.
 */
export async function cancelLockRecovery(
  parts: Pick<RecoveryParts, 'clock' | 'network'>,
  tx: DatabaseTransaction,
  { customer, intent: id }: { readonly customer: CustomerId; readonly intent: IntentId },
  document: unknown,
  by: QueueActor,
): Promise<LockRecovery> {
  const statement = parseCustomerStatement(document);
  const recovery = await findRecovery(tx, id);
  if (recovery.customer !== customer) {
    throw new LockError('lock_recovery_not_found', 'There is no such way back to a master lock.');
  }
  // What the signer has not begun yet is objected to as well: it is told of both, one after the other.
  if (recovery.state !== 'approved') decideRecovery(recovery, 'cancel');
  const known = await signingCredentialsOf(tx, customer);
  const credential = known.find((entry) => entry.id === statement.statement.credential);
  if (credential === undefined) {
    throw new IntentError(
      'request_not_signed_by_customer',
      'It is signed with no credential of the customer.',
    );
  }
  const { network, clock } = parts;
  const expected = { purpose: 'cancel recovery', network, customer, subject: recovery.hash } as const;
  await verifyCustomerStatement(statement, expected, credential.publicKey, clock.nowMs());
  await insertCancellation(tx, recovery, statement, new Date(clock.nowMs()));
  await record(tx, parts, by, 'master_lock.object', recovery.lock, { customer, intent: id });
  return await findRecovery(tx, id);
}
