import { requestActor } from '../approvals/index.ts';
import { handleOnce, type BoundOperation } from '../http/index.ts';
import { parseId } from '../shared/index.ts';
import { requestRotation, type RotationRequestParts } from './key-rotations.ts';
import * as contract from './rotation-contract.ts';

/** Other keys for a customer's wallet, over HTTP. */
export function rotationRoutes(parts: RotationRequestParts): readonly BoundOperation[] {
  return [
    handleOnce(contract.requestKeyRotation, async (request, effect) => {
      const { params, body, principal } = request;
      const asked = {
        ...{ intent: effect.id('intent'), wallet: params.walletId, reason: body.reason },
        requester: parseId('staff', principal.id),
        customerKeys: body.customerKeys ?? [],
      };
      return await effect.commit(async (tx) => {
        const { intent, hash } = await requestRotation(parts, tx, asked, requestActor(request));
        return { status: 201, body: { intent, hash } };
      });
    }),
  ];
}
