import { DomainError } from '../shared/index.ts';

export type TreasuryErrorCode =
  | 'treasury_not_pinned'
  | 'treasury_wallet_missing'
  | 'move_unknown'
  | 'move_step_forbidden'
  | 'move_changed_meanwhile'
  | 'move_damaged'
  | 'move_under_way'
  | 'move_amount_refused'
  | 'move_not_booked'
  | 'move_not_awaited'
  | 'move_answer_wrong';

export class TreasuryError extends DomainError<TreasuryErrorCode> {}

/** How refusals about the treasury look over HTTP. */
export const treasuryErrorMap = {
  treasury_not_pinned: { status: 409, title: 'The manifest names no hot and cold wallet' },
  treasury_wallet_missing: { status: 409, title: 'A wallet that the manifest names is not open here' },
  move_unknown: { status: 404, title: 'There is no such move' },
  move_step_forbidden: { status: 409, title: 'The move cannot take this step' },
  move_changed_meanwhile: { status: 409, title: 'The move was changed meanwhile' },
  move_damaged: { status: 500, title: 'The move is damaged' },
  move_under_way: { status: 409, title: 'Another refill is under way' },
  move_amount_refused: { status: 422, title: 'The hot wallet may not have so much' },
  move_not_booked: { status: 503, title: 'The ledger has not booked it' },
  move_not_awaited: { status: 409, title: 'No signature is waited for' },
  move_answer_wrong: { status: 502, title: 'The signer signed something else' },
} as const satisfies Readonly<Record<TreasuryErrorCode, { status: number; title: string }>>;
