import { isSuspicious } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid, idToUuid, isDomainError, type DomainError } from '../shared/index.ts';
import { nextTry } from '../wallets/index.ts';
import { endLock } from './end-lock.ts';
import { LockError } from './errors.ts';
import type { LockStepParts } from './lock-parts.ts';
import { moveRecovery, recoveryUnderWay } from './lock-recovery-store.ts';
import { record, tell, WORKER } from './lock-records.ts';
import { findLock, lockCustomer, locksOf, moveLock } from './master-lock-store.ts';
import { isInForce, type IssuedCertificates, type MasterLockRecord } from './master-lock.ts';

const AT_ONCE = 20;

/** What no waiting changes: signatures, times, or whose lock it is. Everything else that the signer says is waited out. */
const FINAL = /^(intent|approval|signature|master_lock|statement)_|^credentials_differ$/;

function isFinal(thrown: DomainError): boolean {
  return FINAL.test(thrown.code) && !thrown.retryable;
}

/** Whoever has the file at hand needs no way back to it; the signer has ended it just now. */
async function supersedeRecovery(
  tx: DatabaseTransaction,
  parts: LockStepParts,
  { customer, id }: MasterLockRecord,
): Promise<void> {
  const recovery = await recoveryUnderWay(tx, customer);
  if (recovery?.state !== 'waiting') return;
  const { lost, lock } = recovery;
  await moveRecovery(tx, recovery, 'supersede', new Date(parts.clock.nowMs()));
  await record(tx, parts, WORKER, 'master_lock.recovery_supersede', lock, { customer, lost, by: id });
  const about = { subject: lost, customer };
  await tell(tx, parts, 'master_lock.recovery_ended', about, { lost, lock, outcome: 'superseded' });
}

async function pinned(
  tx: DatabaseTransaction,
  parts: LockStepParts,
  lock: MasterLockRecord,
  certificates: IssuedCertificates,
): Promise<void> {
  const { id: subject, customer, replaces } = lock;
  const before = (await locksOf(tx, customer)).find((other) => isInForce(other));
  await supersedeRecovery(tx, parts, lock);
  if (before !== undefined) await endLock(tx, parts, before, 'replaced');
  await moveLock(tx, lock, 'pin', new Date(parts.clock.nowMs()), { certificates });
  await record(tx, parts, WORKER, 'master_lock.pin', subject, { customer, replaces });
  await tell(tx, parts, 'master_lock.registered', { subject, customer }, { replaces });
}

async function refused(
  tx: DatabaseTransaction,
  parts: LockStepParts,
  lock: MasterLockRecord,
  thrown: DomainError,
): Promise<void> {
  const { id: subject, customer, state } = lock;
  const reason = thrown.message.slice(0, 400);
  const command = state === 'registering' ? 'refuse' : 'keep';
  await moveLock(tx, lock, command, new Date(parts.clock.nowMs()), { obstacle: reason });
  await record(tx, parts, WORKER, `master_lock.${command}`, subject, { customer, reason });
  const asked = state === 'registering' ? 'registration' : 'revocation';
  await tell(tx, parts, 'master_lock.refused', { subject, customer }, { asked, reason });
  if (!isSuspicious(thrown.code)) return;
  const alert = { subject, code: thrown.code, during: `master_lock.${asked}`, text: thrown.message };
  await raiseAlert(tx, alert, WORKER, parts.clock);
}

/** Asks the signer for what the lock waits for. @returns what is to be written down then. */
async function askSigner(
  parts: LockStepParts,
  lock: MasterLockRecord,
): Promise<(tx: DatabaseTransaction) => Promise<void>> {
  if (lock.state === 'registering') {
    const { certificates } = await parts.signer.registerMasterLock({ registration: lock.registration });
    return (tx) => pinned(tx, parts, lock, certificates);
  }
  if (lock.revocation === null) throw new RangeError('a lock that is being revoked says so itself');
  await parts.signer.revokeMasterLock({ statement: lock.revocation });
  return (tx) => endLock(tx, parts, lock, 'revoked');
}

async function carryOn(parts: LockStepParts, lock: MasterLockRecord): Promise<void> {
  let write: (tx: DatabaseTransaction) => Promise<void>;
  try {
    write = await askSigner(parts, lock);
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    if (!isFinal(thrown)) {
      await parts.database.masterLock.updateMany({
        where: { id: idToUuid(lock.id), nextStepAt: { not: null } },
        data: {
          obstacle: thrown.message.slice(0, 400),
          failures: lock.failures + 1,
          nextStepAt: nextTry(parts.clock.nowMs(), lock.failures),
        },
      });
      return;
    }
    write = (tx) => refused(tx, parts, lock, thrown);
  }
  try {
    await inTransaction(parts.database, async (tx) => {
      await lockCustomer(tx, lock.customer);
      await write(tx);
    });
  } catch (thrown) {
    // Another worker was faster, and wrote the same answer down.
    if (!(thrown instanceof LockError)) throw thrown;
  }
}

/**
 * Tells the signer of locks that wait for it, and writes its answers down. A lock's turn comes when its signing half
 * is pinned as a credential. May be repeated after a crash anywhere. @returns how many were looked at.
 */
export async function stepMasterLocks(parts: LockStepParts): Promise<number> {
  const now = new Date(parts.clock.nowMs());
  const rows = await parts.database.masterLock.findMany({
    where: { nextStepAt: { lte: now }, credential: { signing: { pinnedAt: { not: null } } } },
    orderBy: { nextStepAt: 'asc' },
    select: { id: true },
    take: AT_ONCE,
  });
  for (const { id } of rows) {
    await carryOn(parts, await findLock(parts.database, idFromUuid('credential', id)));
  }
  return rows.length;
}
