import { actorOf, strengthOf } from '../audit/index.ts';
import type { Principal } from '../http/index.ts';
import type { RequestId } from '../shared/index.ts';
import type { QueueActor } from './queue-parts.ts';

/** Who a request acts for, as the audit log names them. */
export function requestActor(request: {
  readonly principal: Principal;
  readonly requestId: RequestId;
}): QueueActor {
  const { principal, requestId } = request;
  return { actor: actorOf(principal), strength: strengthOf(principal), requestId };
}
