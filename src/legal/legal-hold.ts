import type { CustomerId, Id, IntentId, Satoshis, StaffId, WalletId } from '../shared/index.ts';
import { LegalError } from './errors.ts';

export type LegalHoldId = Id<'legalHold'>;

/** `holding` until all that the order names is held in the ledger; `lifting` until the ledger has let it go. */
export const LEGAL_HOLD_STATES = ['holding', 'held', 'lifting', 'lifted'] as const;
export type LegalHoldState = (typeof LEGAL_HOLD_STATES)[number];

export const LEGAL_HOLD_COMMANDS = ['hold', 'lift', 'let_go'] as const;
export type LegalHoldCommand = (typeof LEGAL_HOLD_COMMANDS)[number];

/** State, command, next. What is not here is refused. */
export const LEGAL_HOLD_TABLE = {
  holding: { hold: 'held', lift: 'lifting' },
  held: { lift: 'lifting' },
  lifting: { let_go: 'lifted' },
  lifted: {},
} as const satisfies Record<LegalHoldState, Partial<Record<LegalHoldCommand, LegalHoldState>>>;

/** @throws LegalError `legal_hold_step_forbidden`. */
export function decide(state: LegalHoldState, command: LegalHoldCommand): LegalHoldState {
  const row: Partial<Record<LegalHoldCommand, LegalHoldState>> = LEGAL_HOLD_TABLE[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new LegalError('legal_hold_step_forbidden', `A hold that is ${state} cannot take this step.`, {
    details: { state, command },
  });
}

export const PIECE_STATES = ['begun', 'held', 'refused'] as const;

/** What one hold of the ledger holds for an order. */
export interface Piece {
  readonly number: number;
  readonly satoshis: Satoshis;
  readonly state: (typeof PIECE_STATES)[number];
}

/** A legal order to hold a part of a balance. */
export interface LegalHold {
  readonly id: LegalHoldId;
  readonly customer: CustomerId;
  readonly balance: 'vault' | 'spending';
  /** The vault, or the treasury behind spending balances. */
  readonly wallet: WalletId;
  readonly satoshis: Satoshis;
  readonly heldSatoshis: Satoshis;
  readonly reference: string;
  readonly authority: string;
  /** For staff alone. */
  readonly reason: string;
  readonly imposedBy: StaffId;
  readonly imposedAt: Date;
  readonly state: LegalHoldState;
  readonly version: number;
  readonly liftIntent: IntentId | null;
  /** In their order. */
  readonly pieces: readonly Piece[];
}
