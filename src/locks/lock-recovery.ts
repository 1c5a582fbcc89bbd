import type { CustomerStatement } from '../intents/index.ts';
import type { CredentialId, CustomerId, IntentId } from '../shared/index.ts';
import { LockError } from './errors.ts';
import type { RecoveryState } from './lock-recovery-contract.ts';

export const RECOVERY_COMMANDS = ['begin', 'complete', 'cancel', 'supersede', 'refuse'] as const;
export type RecoveryCommand = (typeof RECOVERY_COMMANDS)[number];

/**
 * State, command, next. What is not here is refused. The signer begins and completes it, and may refuse;
 * `superseded`: the old file turned up and gave its place to another lock.
 */
export const RECOVERY_TABLE = {
  approved: { begin: 'waiting', refuse: 'refused' },
  waiting: { complete: 'completed', cancel: 'cancelled', supersede: 'superseded', refuse: 'refused' },
  completed: {},
  cancelled: {},
  superseded: {},
  refused: {},
} as const satisfies Record<RecoveryState, Partial<Record<RecoveryCommand, RecoveryState>>>;

/** The way back to a lost lock, from the officers' approval on. */
export interface LockRecovery {
  readonly intent: IntentId;
  readonly hash: string;
  readonly customer: CustomerId;
  readonly lost: CredentialId;
  readonly lock: CredentialId;
  readonly state: RecoveryState;
  readonly version: number;
  readonly cancellation: CustomerStatement | null;
  readonly approvedAt: Date;
  readonly startedAt: Date | null;
  readonly readyAt: Date | null;
  readonly endedAt: Date | null;
  readonly obstacle: string | null;
  readonly failures: number;
}

/** The state after a command. @throws LockError `lock_recovery_ended`. */
export function decideRecovery(
  { state }: Pick<LockRecovery, 'state'>,
  command: RecoveryCommand,
): RecoveryState {
  const row: Partial<Record<RecoveryCommand, RecoveryState>> = RECOVERY_TABLE[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new LockError('lock_recovery_ended', `A recovery that is ${state} cannot take this step.`, {
    details: { state, command },
  });
}
