import { requestActor, withAlarm } from '../approvals/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { requireCustomer } from '../identity/index.ts';
import { parseId } from '../shared/index.ts';
import type { RecoveryParts } from './lock-parts.ts';
import * as contract from './lock-recovery-contract.ts';
import { listRecoveries } from './lock-recovery-store.ts';
import type { LockRecovery } from './lock-recovery.ts';
import { cancelLockRecovery, requestLockRecovery } from './request-lock-recovery.ts';

function wire(recovery: LockRecovery) {
  const { intent, hash, customer, lost, lock, state } = recovery;
  const { approvedAt, startedAt, readyAt, endedAt, obstacle, cancellation } = recovery;
  return {
    ...{ intent, hash, customer, lost, lock, state },
    ...{ approvedAt, startedAt, readyAt, endedAt, obstacle, objected: cancellation !== null },
  };
}

/** The way back for a lost master lock over HTTP. */
export function lockRecoveryRoutes(parts: RecoveryParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.requestLockRecovery, async (request, effect) => {
      const { body, principal } = request;
      const by = requestActor(request);
      const requester = parseId('staff', principal.id);
      const wish = { intent: effect.id('intent'), requester, ...body };
      return await withAlarm(parts, { subject: requester, during: 'master_lock.recover' }, by, () =>
        effect.commit(async (tx) => {
          const { intent, hash } = await requestLockRecovery(parts, tx, wish, by);
          return { status: 201, body: { intent, hash } };
        }),
      );
    }),
    handle(contract.listLockRecoveries, async ({ principal, query }) => {
      const own = principal.kind === 'customer' ? requireCustomer(principal) : null;
      const found = await listRecoveries(parts.database, own ?? query.customerId ?? null);
      return { status: 200, body: { items: found.map(wire) } };
    }),
    handleOnce(contract.cancelLockRecovery, async (request, effect) => {
      const customer = requireCustomer(request.principal);
      const by = requestActor(request);
      const which = { customer, intent: request.params.intentId };
      return await withAlarm(parts, { subject: which.intent, during: 'master_lock.object' }, by, () =>
        effect.commit(async (tx) => {
          return { status: 202, body: wire(await cancelLockRecovery(parts, tx, which, request.body, by)) };
        }),
      );
    }),
  ];
}
