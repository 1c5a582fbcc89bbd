import { FreezeError } from './errors.ts';
import type { RestrictedFunction, RestrictionState } from './restriction-kinds-contract.ts';
import type { IntentId } from '../shared/index.ts';
import type { RestrictionId } from './restriction.ts';

export const BREAKER_COMMANDS = ['acknowledge', 'reset', 'refuse'] as const;
export type BreakerCommand = (typeof BREAKER_COMMANDS)[number];

/** State, command, next. What is not here is refused. */
export const BREAKER_TABLE = {
  freezing: { acknowledge: 'in_force' },
  in_force: { reset: 'releasing' },
  releasing: { acknowledge: 'released', refuse: 'in_force' },
  released: {},
} as const satisfies Record<RestrictionState, Partial<Record<BreakerCommand, RestrictionState>>>;

/** What a tripped breaker takes away, from everybody. It never is deep. */
export const BREAKER_FORBIDS: readonly RestrictedFunction[] = ['withdraw', 'transfer', 'new_address'];

/** The stop of everything that flows out. */
export interface Breaker {
  readonly id: RestrictionId;
  readonly state: RestrictionState;
  readonly version: number;
  /** `stf_…`, or `worker` when it has tripped by itself. */
  readonly trippedBy: string;
  readonly trippedAt: Date;
  readonly reason: string;
  readonly resetIntent: IntentId | null;
  readonly changedAt: Date;
}

/** The state after a command. @throws FreezeError `restriction_step_forbidden`. */
export function decideBreaker(state: RestrictionState, command: BreakerCommand): RestrictionState {
  const row: Partial<Record<BreakerCommand, RestrictionState>> = BREAKER_TABLE[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new FreezeError('restriction_step_forbidden', `A breaker that is ${state} cannot take this step.`, {
    details: { state, command },
  });
}
