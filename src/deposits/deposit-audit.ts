import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Clock, Id, JsonValue } from '../shared/index.ts';
import type { DepositStep } from './deposit.ts';

/** Records what the worker did to a deposit, within its own transaction. */
export async function recordDeposit(
  tx: DatabaseTransaction,
  clock: Clock,
  action: 'deposit.detect' | 'deposit.settle' | `deposit.${DepositStep}`,
  id: Id<'deposit'>,
  { before = null, after }: { readonly before?: JsonValue; readonly after: JsonValue },
): Promise<void> {
  const actor = { kind: 'process', id: 'worker' } as const;
  await appendAudit(tx, { actor, strength: 'process', action, entity: id, before, after }, clock);
}
