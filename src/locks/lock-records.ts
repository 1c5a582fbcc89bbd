import { appendAudit, type AuditActor, type AuthenticationStrength } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { appendEvent, type EventType } from '../events/index.ts';
import type { CustomerId, JsonValue, RequestId } from '../shared/index.ts';
import type { LockParts } from './lock-parts.ts';

/** Who caused a change, and in which request. */
export interface Cause {
  readonly actor: AuditActor;
  readonly strength: AuthenticationStrength;
  readonly requestId?: RequestId;
}

export const WORKER: Cause = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

export type LockAction =
  | 'master_lock.register'
  | 'master_lock.pin'
  | 'master_lock.refuse'
  | 'master_lock.revoke'
  | 'master_lock.keep'
  | 'master_lock.end'
  | 'master_lock.object'
  | 'master_lock.recovery_begin'
  | 'master_lock.recovery_cancel'
  | 'master_lock.recovery_complete'
  | 'master_lock.recovery_refuse'
  | 'master_lock.recovery_supersede';

/** Records a change within its own transaction. */
export async function record(
  tx: DatabaseTransaction,
  { clock }: Pick<LockParts, 'clock'>,
  { actor, strength, requestId }: Cause,
  action: LockAction,
  entity: string,
  after: JsonValue,
): Promise<void> {
  const request = requestId === undefined ? {} : { requestId };
  await appendAudit(tx, { actor, strength, action, entity, after, ...request }, clock);
}

/** Tells the customer, and everybody who follows events. */
export async function tell(
  tx: DatabaseTransaction,
  { clock }: Pick<LockParts, 'clock'>,
  type: Extract<EventType, `master_lock.${string}`>,
  about: { readonly subject: string; readonly customer: CustomerId },
  data: Record<string, JsonValue>,
): Promise<void> {
  await appendEvent(tx, { type, ...about, data }, clock);
}
