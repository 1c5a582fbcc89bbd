import { requireKind, type ApprovalQueue } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import {
  fromBase64Url,
  type Approval,
  type MasterLockRecoveryIntent,
  type RequestSignature,
} from '../intents/index.ts';
import { canonicalJson, idToUuid, isDomainError, parseId, type JsonValue } from '../shared/index.ts';
import { nextTry } from '../wallets/index.ts';
import { LockError } from './errors.ts';
import { endLock } from './end-lock.ts';
import type { LockStepParts } from './lock-parts.ts';
import { dueRecoveries, insertRecovery, moveRecovery, recoveryUnderWay } from './lock-recovery-store.ts';
import type { LockRecovery } from './lock-recovery.ts';
import { record, tell, WORKER } from './lock-records.ts';
import { lockCustomer, locksOf } from './master-lock-store.ts';
import { isInForce, type IssuedCertificates } from './master-lock.ts';

const AT_ONCE = 20;
const LABEL = 'Master lock, given back by officers';

/** What no waiting changes: signatures, times, or whose lock it is. */
const FINAL =
  /^(intent|request|approval|approvals|approver|signature|kind|master_lock|statement)_|^recovery_(refused|not_waiting)$/;

export interface RecoveryStepParts extends LockStepParts {
  readonly queue: ApprovalQueue;
}

interface Entitled {
  readonly intent: MasterLockRecoveryIntent;
  readonly request: RequestSignature;
  readonly approvals: Approval[];
}

async function entitledOf(
  parts: RecoveryStepParts,
  tx: DatabaseTransaction,
  { intent: id }: Pick<LockRecovery, 'intent'>,
): Promise<Entitled> {
  const { intent, request, approvals } = requireKind(await parts.queue.lock(tx, id), 'master_lock_recovery');
  if (request === null) throw new RangeError('an executed intent is signed');
  return { intent, request, approvals: [...approvals] };
}

/** The officers have approved one: from here on it is the signer's to judge. */
async function begin(parts: RecoveryStepParts): Promise<boolean> {
  return inTransaction(parts.database, async (tx) => {
    const stored = await parts.queue.takeApproved(tx, 'master_lock_recovery');
    if (stored === undefined) return false;
    const customer = parseId('customer', stored.intent.body.customer);
    await lockCustomer(tx, customer);
    if ((await recoveryUnderWay(tx, customer)) !== undefined) {
      await parts.queue.deny(tx, stored.id, WORKER, 'Another way back is under way already.');
      return true;
    }
    await parts.queue.execute(tx, stored.id, WORKER);
    await insertRecovery(tx, stored.intent, stored.hash, new Date(parts.clock.nowMs()));
    return true;
  });
}

/** Writes a step down, unless another worker was faster and wrote the same. */
async function write(
  parts: RecoveryStepParts,
  { customer }: LockRecovery,
  work: (tx: DatabaseTransaction) => Promise<void>,
): Promise<void> {
  try {
    await inTransaction(parts.database, async (tx) => {
      await lockCustomer(tx, customer);
      await work(tx);
    });
  } catch (thrown) {
    if (!(thrown instanceof LockError)) throw thrown;
  }
}

async function started(
  parts: RecoveryStepParts,
  tx: DatabaseTransaction,
  recovery: LockRecovery,
  times: { readonly startedAt: string; readonly readyAt: string },
): Promise<void> {
  const { customer, lost, lock, hash, intent } = recovery;
  const change = { startedAt: new Date(times.startedAt), readyAt: new Date(times.readyAt) };
  await moveRecovery(tx, recovery, 'begin', new Date(parts.clock.nowMs()), change);
  await record(tx, parts, WORKER, 'master_lock.recovery_begin', lock, { customer, lost, intent });
  const data = { lost, lock, intent, hash, readyAt: times.readyAt };
  await tell(tx, parts, 'master_lock.recovery_began', { subject: lost, customer }, data);
}

/** The new lock is in force, and a credential that no earlier one has vouched for. */
async function completed(
  parts: RecoveryStepParts,
  tx: DatabaseTransaction,
  recovery: LockRecovery,
  certificates: IssuedCertificates,
): Promise<void> {
  const { customer, lost, lock } = recovery;
  const now = new Date(parts.clock.nowMs());
  const { intent } = await entitledOf(parts, tx, recovery);
  const { registration } = intent.body;
  const { signing } = registration.statement;
  const before = (await locksOf(tx, customer)).find(isInForce);
  if (before !== undefined) await endLock(tx, parts, before, 'recovered');
  const [id, customerId] = [idToUuid(lock), idToUuid(customer)];
  const publicKey = Uint8Array.from(fromBase64Url(signing) ?? []);
  await tx.credential.create({
    data: {
      ...{ id, customerId, label: LABEL, createdAt: now, confirmedAt: now },
      ...{ kind: 'rsa_signing_key', publicKey },
    },
  });
  await tx.signingCredential.create({
    data: {
      credentialId: id,
      customerId,
      publicKey: canonicalJson({ algorithm: 'rsa-pss-sha256', spki: signing }),
      createdAt: now,
      pinnedAt: now,
      nextStepAt: now,
    },
  });
  await tx.masterLock.create({
    data: {
      ...{ id, customerId, state: 'in_force', createdAt: now, pinnedAt: now },
      registration: canonicalJson(registration as unknown as JsonValue),
      replacesId: idToUuid(lost),
      certificates: canonicalJson(certificates),
    },
  });
  await moveRecovery(tx, recovery, 'complete', now);
  await record(tx, parts, WORKER, 'master_lock.recovery_complete', lock, { customer, lost });
  await tell(tx, parts, 'master_lock.recovery_completed', { subject: lost, customer }, { lost, lock });
}

/** It ends without a new lock, and the customer hears of it. */
async function ended(
  parts: RecoveryStepParts,
  tx: DatabaseTransaction,
  { customer, lost, lock }: LockRecovery,
  outcome: 'cancelled' | 'refused',
): Promise<void> {
  await tell(tx, parts, 'master_lock.recovery_ended', { subject: lost, customer }, { lost, lock, outcome });
}

async function cancelled(
  parts: RecoveryStepParts,
  tx: DatabaseTransaction,
  recovery: LockRecovery,
): Promise<void> {
  const { customer, lost, lock } = recovery;
  await moveRecovery(tx, recovery, 'cancel', new Date(parts.clock.nowMs()));
  await record(tx, parts, WORKER, 'master_lock.recovery_cancel', lock, { customer, lost });
  await ended(parts, tx, recovery, 'cancelled');
}

async function refused(
  parts: RecoveryStepParts,
  tx: DatabaseTransaction,
  recovery: LockRecovery,
  reason: string,
): Promise<void> {
  const { customer, lost, lock } = recovery;
  await moveRecovery(tx, recovery, 'refuse', new Date(parts.clock.nowMs()), { obstacle: reason });
  await record(tx, parts, WORKER, 'master_lock.recovery_refuse', lock, { customer, lost, reason });
  await ended(parts, tx, recovery, 'refused');
}

/** Asks the signer for the next step. @returns what is to be written down then. */
async function askSigner(
  parts: RecoveryStepParts,
  recovery: LockRecovery,
): Promise<(tx: DatabaseTransaction) => Promise<void>> {
  const { signer } = parts;
  if (recovery.state === 'approved') {
    const entitled = await inTransaction(parts.database, (tx) => entitledOf(parts, tx, recovery));
    const times = await signer.startLockRecovery(entitled);
    return (tx) => started(parts, tx, recovery, times);
  }
  if (recovery.cancellation !== null) {
    await signer.cancelLockRecovery({ statement: recovery.cancellation });
    return (tx) => cancelled(parts, tx, recovery);
  }
  const { certificates } = await signer.completeLockRecovery({ intentHash: recovery.hash });
  return (tx) => completed(parts, tx, recovery, certificates);
}

async function postpone(parts: RecoveryStepParts, recovery: LockRecovery, why: string): Promise<void> {
  await parts.database.lockRecovery.updateMany({
    where: { intentId: idToUuid(recovery.intent), version: recovery.version, endedAt: null },
    data: {
      obstacle: why.slice(0, 400),
      failures: recovery.failures + 1,
      nextStepAt: nextTry(parts.clock.nowMs(), recovery.failures),
    },
  });
}

async function carryOn(parts: RecoveryStepParts, recovery: LockRecovery): Promise<void> {
  try {
    const next = await askSigner(parts, recovery);
    await write(parts, recovery, next);
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    if (!FINAL.test(thrown.code) || thrown.retryable) {
      await postpone(parts, recovery, thrown.message);
    } else if (recovery.state === 'waiting' && recovery.cancellation !== null) {
      // An objection that the signer does not take ends nothing: without it the wait goes on.
      await parts.database.lockRecovery.updateMany({
        where: { intentId: idToUuid(recovery.intent), version: recovery.version, endedAt: null },
        data: { cancellation: null, obstacle: thrown.message.slice(0, 400), nextStepAt: recovery.readyAt },
      });
    } else {
      await write(parts, recovery, (tx) => refused(parts, tx, recovery, thrown.message));
    }
  }
}

/**
 * Carries the ways back to lost locks on: the officers' approval begins one, the signer's 14 days end it, or the
 * customer's objection. May be repeated after a crash anywhere. @returns how many things there were to do.
 */
export async function stepLockRecoveries(parts: RecoveryStepParts): Promise<number> {
  if (await begin(parts)) return 1;
  const due = await dueRecoveries(parts.database, new Date(parts.clock.nowMs()), AT_ONCE);
  for (const recovery of due) await carryOn(parts, recovery);
  return due.length;
}
