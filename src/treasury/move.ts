import type { Id, IntentId, Satoshis, WalletId } from '../shared/index.ts';
import { TreasuryError } from './errors.ts';

export type MoveId = Id<'treasuryMove'>;

export const MOVE_PURPOSES = ['sweep', 'refill', 'consolidation'] as const;
export type MovePurpose = (typeof MOVE_PURPOSES)[number];

/**
 * `requested`: a refill that waits for people. `built`: coins are reserved, and the transaction waits for its other
 * cosigner. `signed`: the finished bytes are stored. `ended`: it was never signed, and its coins are free.
 */
export const MOVE_STATES = ['requested', 'built', 'signed', 'broadcast', 'confirmed', 'ended'] as const;
export type MoveState = (typeof MOVE_STATES)[number];

export const MOVE_COMMANDS = ['build', 'sign', 'broadcast', 'confirm', 'unconfirm', 'end'] as const;
export type MoveCommand = (typeof MOVE_COMMANDS)[number];

/** State, command, next. What is not here is refused. */
export const MOVE_TABLE = {
  requested: { build: 'built', end: 'ended' },
  built: { sign: 'signed', end: 'ended' },
  signed: { broadcast: 'broadcast' },
  broadcast: { confirm: 'confirmed' },
  confirmed: { unconfirm: 'broadcast' },
  ended: {},
} as const satisfies Record<MoveState, Partial<Record<MoveCommand, MoveState>>>;

/** @throws TreasuryError `move_step_forbidden`. */
export function decide(state: MoveState, command: MoveCommand): MoveState {
  const row: Partial<Record<MoveCommand, MoveState>> = MOVE_TABLE[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new TreasuryError('move_step_forbidden', `A move that is ${state} cannot take this step.`, {
    details: { state, command },
  });
}

/** The transaction of a move. There is one: a move is in no hurry, and its fee is never raised. */
export interface MoveTransaction {
  readonly txid: string;
  /** BIP174, base64, unsigned. */
  readonly psbt: string;
  readonly fee: Satoshis;
  /** `txid:vout`. */
  readonly outpoints: readonly string[];
  /** Where the rest returns to. */
  readonly change: { readonly vout: number; readonly index: number; readonly value: Satoshis } | null;
  /** With the other cosigner's signatures. */
  readonly cosigned: string | null;
  readonly bytes: Uint8Array | null;
}

/** Coins of the institution on their way from one of its wallets to another. */
export interface Move {
  readonly id: MoveId;
  readonly version: number;
  readonly purpose: MovePurpose;
  readonly state: MoveState;
  readonly intentId: IntentId;
  /** Canonical JSON of the intent, of what the system made by itself; a refill's is in the queue. */
  readonly intent: string | null;
  readonly from: WalletId;
  /** Null for a consolidation, which stays where it is. */
  readonly to: WalletId | null;
  /** Zero for a consolidation. */
  readonly amount: Satoshis;
  readonly transaction: MoveTransaction | null;
  readonly signerAskedAt: Date | null;
  /** How often it was confirmed; each is booked under its own number. */
  readonly confirmedCycle: number;
  readonly failures: number;
  readonly hindrance: string | null;
  readonly endReason: string | null;
  readonly createdAt: Date;
}
