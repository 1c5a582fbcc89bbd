import { appendAudit, type AuditActor, type AuthenticationStrength } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { JsonValue, RequestId } from '../shared/index.ts';
import type { IdentityParts } from './identity.ts';

/** Who caused a change, from where, in which request. */
export interface Origin {
  readonly actor: AuditActor;
  readonly strength: AuthenticationStrength;
  readonly requestId?: RequestId;
  readonly address: string;
}

export type IdentityAction =
  | 'account.rename'
  | 'credential.add'
  | 'credential.confirm'
  | 'credential.refuse'
  | 'credential.revoke'
  | 'customer.register'
  | 'integrator.register'
  | 'session.end'
  | 'session.open'
  | 'session.refuse'
  | 'staff.change'
  | 'staff.confirm'
  | 'staff.register';

/** Records a change of identity within its own transaction. */
export async function record(
  tx: DatabaseTransaction,
  parts: Pick<IdentityParts, 'clock'>,
  origin: Omit<Origin, 'address'>,
  action: IdentityAction,
  entity: string,
  after: JsonValue = null,
  more: { readonly before?: JsonValue; readonly reason?: string } = {},
): Promise<void> {
  const { actor, strength, requestId } = origin;
  await appendAudit(
    tx,
    { actor, strength, action, entity, after, ...more, ...(requestId === undefined ? {} : { requestId }) },
    parts.clock,
  );
}
