import { requestActor, requireKind, type StoredIntent } from '../approvals/index.ts';
import { handleOnce, type BoundOperation } from '../http/index.ts';
import { parseId } from '../shared/index.ts';
import * as contract from './deposit-contract.ts';
import { requestDepositRelease, type ReleaseParts } from './release-deposit.ts';

function wire(stored: StoredIntent) {
  const { intent } = requireKind(stored, 'deposit_release');
  return { state: stored.state, hash: stored.hash, intent };
}

/** Asking for quarantined deposits to be credited. */
export function releaseRoutes(parts: ReleaseParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.requestDepositRelease, async (request, effect) => {
      const { params, body, principal } = request;
      const wish = {
        intent: effect.id('intent'),
        deposit: params.depositId,
        customer: body.customerId ?? null,
        requester: parseId('staff', principal.id),
        reason: body.reason,
      };
      return await effect.commit(async (tx) => {
        const stored = await requestDepositRelease(parts, tx, wish, requestActor(request));
        return { status: 202, body: wire(stored) };
      });
    }),
  ];
}
