import type { DatabaseTransaction } from '../database/index.ts';
import type { LockParts } from './lock-parts.ts';
import { record, tell, WORKER } from './lock-records.ts';
import type { LockEndReason } from './lock-state-contract.ts';
import { endCredential, moveLock } from './master-lock-store.ts';
import type { MasterLockRecord } from './master-lock.ts';

/** A lock signs nothing any more, and its credential goes with it. */
export async function endLock(
  tx: DatabaseTransaction,
  parts: Pick<LockParts, 'clock'>,
  lock: MasterLockRecord,
  endReason: LockEndReason,
): Promise<void> {
  const at = new Date(parts.clock.nowMs());
  await moveLock(tx, lock, 'end', at, { endReason });
  await endCredential(tx, lock.id, at);
  const { id: subject, customer } = lock;
  await record(tx, parts, WORKER, 'master_lock.end', subject, { customer, reason: endReason });
  await tell(tx, parts, 'master_lock.ended', { subject, customer }, { reason: endReason });
}
