import { requestActor, withAlarm } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation, type ErrorMap } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import type { LockErrorCode } from './errors.ts';
import * as contract from './lock-contract.ts';
import type { LockParts } from './lock-parts.ts';
import { findLock, locksOf } from './master-lock-store.ts';
import type { MasterLockRecord } from './master-lock.ts';
import { registerMasterLock } from './register-master-lock.ts';
import { requireOwner, revokeMasterLock } from './revoke-master-lock.ts';

/** This context's part of the error map. */
export const lockErrorMap = {
  master_lock_not_found: { status: 404, title: 'There is no such master lock' },
  master_lock_of_another: { status: 422, title: 'The master lock is another customer’s' },
  master_lock_key_differs: { status: 422, title: 'The credential is not the lock’s signing half' },
  master_lock_not_in_place: { status: 409, title: 'The lock does not take the place of the one in force' },
  master_lock_being_registered: { status: 409, title: 'A master lock is being registered already' },
  master_lock_step_forbidden: { status: 409, title: 'The master lock cannot take this step' },
  master_lock_changed_meanwhile: { status: 409, title: 'The master lock was changed meanwhile' },
  lock_recovery_not_found: { status: 404, title: 'There is no such way back to a master lock' },
  lock_recovery_under_way: { status: 409, title: 'A way back to the master lock is under way already' },
  lock_recovery_ended: { status: 409, title: 'The way back to the master lock has ended' },
} as const satisfies ErrorMap<LockErrorCode>;

function wire(lock: MasterLockRecord) {
  const { id, customer, state, replaces, certificates, registration } = lock;
  const { createdAt, pinnedAt, endedAt, endReason, obstacle } = lock;
  const { signing, decryption } = registration.statement;
  return {
    ...{ id, customer, state, replaces, certificates },
    ...{ createdAt, pinnedAt, endedAt, endReason, obstacle },
    publicHalves: { signing, decryption },
    registration: { ...registration },
    revocation: lock.revocation === null ? null : { ...lock.revocation },
  };
}

/** Master locks over HTTP. */
export function lockRoutes(parts: LockParts): readonly BoundOperation[] {
  const { database } = parts;
  return [
    handleOnce(contract.registerMasterLock, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const by = requestActor(request);
      return await withAlarm(parts, { subject: customer, during: 'master_lock.register' }, by, () =>
        effect.commit(async (tx) => {
          const lock = await registerMasterLock(tx, parts, customer, request.body, by);
          return { status: 202, body: wire(lock), location: `/v1/master-locks/${lock.id}` };
        }),
      );
    }),
    handle(contract.listMasterLocks, async ({ principal }) => {
      const locks = await locksOf(database, requireCustomer(principal));
      return { status: 200, body: { items: locks.map(wire) } };
    }),
    handle(contract.listCustomerMasterLocks, async ({ params }) => {
      const locks = await locksOf(database, params.customerId);
      return { status: 200, body: { items: locks.map(wire) } };
    }),
    handle(contract.getMasterLock, async ({ principal, params }) => {
      const lock = await findLock(database, params.lockId);
      if (principal.kind === 'customer') requireOwner(lock, requireCustomer(principal));
      return { status: 200, body: wire(lock) };
    }),
    handleOnce(contract.revokeMasterLock, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const by = requestActor(request);
      const which = { customer, id: request.params.lockId };
      return await withAlarm(parts, { subject: which.id, during: 'master_lock.revoke' }, by, () =>
        effect.commit(async (tx) => {
          return { status: 202, body: wire(await revokeMasterLock(tx, parts, which, request.body, by)) };
        }),
      );
    }),
  ];
}
