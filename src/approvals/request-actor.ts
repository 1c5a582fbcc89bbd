import type { AuditActor, AuthenticationStrength } from '../audit/index.ts';
import type { Principal } from '../http/index.ts';
import { parseId, type RequestId } from '../shared/index.ts';
import type { QueueActor } from './queue-parts.ts';

function actorOf({ kind, id }: Principal): AuditActor {
  if (kind === 'customer') return { kind, id: parseId('customer', id) };
  return kind === 'staff' ? { kind, id: parseId('staff', id) } : { kind, id };
}

function strengthOf({ proof }: Principal): AuthenticationStrength {
  if (proof.kind === 'api_key') return 'api_key';
  if (proof.factors.includes('passkey')) return 'passkey';
  return proof.factors.includes('totp') ? 'password_totp' : 'password';
}

/** Who a request acts for, as the audit log names them. */
export function requestActor(request: {
  readonly principal: Principal;
  readonly requestId: RequestId;
}): QueueActor {
  const { principal, requestId } = request;
  return { actor: actorOf(principal), strength: strengthOf(principal), requestId };
}
