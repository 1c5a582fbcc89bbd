import type { RestrictionKind } from '../intents/index.ts';
import type { CustomerId, Id, IntentId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import {
  FUNCTIONS,
  type ReasonCode,
  type RestrictedFunction,
  type RestrictionState,
} from './restriction-kinds-contract.ts';

export type RestrictionId = Id<'restriction'>;

export const RESTRICTION_COMMANDS = ['acknowledge', 'release', 'unlock', 'consent', 'refuse'] as const;
export type RestrictionCommand = (typeof RESTRICTION_COMMANDS)[number];

/** State, command, next, of what staff lift. What is not here is refused. The signer may refuse a release. */
const LIFTED_BY_STAFF = {
  freezing: { acknowledge: 'in_force' },
  in_force: { release: 'releasing' },
  releasing: { acknowledge: 'released', refuse: 'in_force' },
  released: {},
} as const satisfies Table;

/** The same of what customers lift themselves, by the file of their master lock; staff help whoever has none. */
const LIFTED_BY_CUSTOMER = {
  freezing: { acknowledge: 'in_force' },
  in_force: { release: 'releasing', unlock: 'releasing' },
  releasing: { acknowledge: 'released', refuse: 'in_force' },
  released: {},
} as const satisfies Table;

/** Staff lift it, and where the customer has ordered it, the customer's master lock agrees before. */
const LIFTED_BY_BOTH = {
  // The signer may find that nobody entitled has ordered it.
  freezing: { acknowledge: 'in_force', refuse: 'released' },
  in_force: { consent: 'in_force', release: 'releasing' },
  releasing: { acknowledge: 'released', refuse: 'in_force' },
  released: {},
} as const satisfies Table;

/** Only an empty account is closed, which the ledger judges; afterwards nothing lifts it. */
const FOR_GOOD = {
  freezing: { acknowledge: 'in_force', refuse: 'released' },
  in_force: {},
  releasing: {},
  released: {},
} as const satisfies Table;

type Row = Partial<Record<RestrictionCommand, RestrictionState>>;
type Table = Record<RestrictionState, Row>;

/** Each kind is a state machine of its own, and takes away what is listed. */
export const RESTRICTION_TABLES = {
  whole_lock: { table: LIFTED_BY_CUSTOMER, forbids: FUNCTIONS },
  withdraw_lock: { table: LIFTED_BY_CUSTOMER, forbids: ['withdraw'] },
  transfer_lock: { table: LIFTED_BY_CUSTOMER, forbids: ['transfer'] },
  new_address_lock: { table: LIFTED_BY_CUSTOMER, forbids: ['new_address'] },
  api_lock: { table: LIFTED_BY_CUSTOMER, forbids: ['api'] },
  settings_lock: { table: LIFTED_BY_CUSTOMER, forbids: ['settings'] },
  // Under a case programs may go on reading.
  case: { table: LIFTED_BY_STAFF, forbids: ['withdraw', 'transfer', 'new_address', 'settings'] },
  deep_freeze: { table: LIFTED_BY_BOTH, forbids: FUNCTIONS },
  closed: { table: FOR_GOOD, forbids: FUNCTIONS },
} as const satisfies Record<
  RestrictionKind,
  { readonly table: Table; readonly forbids: readonly RestrictedFunction[] }
>;

/** Whose word it is: an approved intent, or the customer's own statement in canonical JSON. */
export type WordedBy = { readonly intent: IntentId } | { readonly statement: string };

/** One entry of a customer's freeze. */
export interface Restriction {
  readonly id: RestrictionId;
  readonly customer: CustomerId;
  readonly kind: RestrictionKind;
  readonly state: RestrictionState;
  readonly version: number;
  readonly reasonCode: ReasonCode;
  /** What the customer may read. */
  readonly publicText: string;
  /** For staff alone: a customer under suspicion is not told why. */
  readonly restrictedText: string;
  /** Reminds staff; it never releases. */
  readonly reviewAt: Date | null;
  /** `cus_…` or `stf_…`. */
  readonly openedBy: string;
  readonly openedAt: Date;
  /** The approved intent that lifts it, while it is being lifted and afterwards. */
  readonly releaseIntent: IntentId | null;
  /** Or the statement of the customer's master lock that does: canonical JSON. */
  readonly releaseStatement: string | null;
  /** What entitles to a deep freeze; null for all others. */
  readonly orderedBy: WordedBy | null;
  readonly changedAt: Date;
}

/** The state after a command. @throws FreezeError `restriction_step_forbidden`. */
export function decide(
  { kind, state }: Pick<Restriction, 'kind' | 'state'>,
  command: RestrictionCommand,
): RestrictionState {
  const row: Row = RESTRICTION_TABLES[kind].table[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new FreezeError(
    'restriction_step_forbidden',
    `A restriction that is ${state} cannot take this step.`,
    {
      details: { kind, state, command },
    },
  );
}

/** The strictest wins: what any of them takes away, until it is released for good. */
export function forbidden(
  restrictions: readonly Pick<Restriction, 'kind' | 'state'>[],
): ReadonlySet<RestrictedFunction> {
  const inForce = restrictions.filter(({ state }) => state !== 'released');
  return new Set(inForce.flatMap(({ kind }) => RESTRICTION_TABLES[kind].forbids));
}

/** Which of a customer's ledger accounts bear no debit while these functions are taken away. */
export function frozenAccounts(functions: ReadonlySet<RestrictedFunction>): {
  readonly spending: boolean;
  readonly vaults: boolean;
} {
  const vaults = functions.has('withdraw');
  // A spending balance is debited for transfers too, so one of the two alone cannot be told apart there.
  return { vaults, spending: vaults && functions.has('transfer') };
}
