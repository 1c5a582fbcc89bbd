import { appendAudit, type AuditActor, type AuthenticationStrength } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Clock, JsonValue, RequestId } from '../shared/index.ts';

/** Who caused a change, and in which request. */
export interface Cause {
  readonly actor: AuditActor;
  readonly strength: AuthenticationStrength;
  readonly requestId?: RequestId;
}

export const WORKER: Cause = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
export const COMMAND_LINE: Cause = { actor: { kind: 'process', id: 'cli' }, strength: 'process' };

export type WalletAction =
  | 'address.create'
  | 'credential.add'
  | 'credential.pin'
  | 'pool.import'
  | 'pool.refuse'
  | 'wallet.fail'
  | 'wallet.fix_descriptor'
  | 'wallet.issue_recovery_kit'
  | 'wallet.keep_escrow'
  | 'wallet.open'
  | 'wallet.register'
  | 'wallet.request'
  | 'wallet.rotate';

/** Records a change within its own transaction. */
export async function record(
  tx: DatabaseTransaction,
  clock: Clock,
  cause: Cause,
  action: WalletAction,
  entity: string,
  after: JsonValue = null,
  before: JsonValue = null,
): Promise<void> {
  const { actor, strength, requestId } = cause;
  const request = requestId === undefined ? {} : { requestId };
  await appendAudit(tx, { actor, strength, action, entity, before, after, ...request }, clock);
}
