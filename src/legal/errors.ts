import { DomainError } from '../shared/index.ts';

export type LegalErrorCode =
  | 'legal_hold_unknown'
  | 'legal_hold_balance_unknown'
  | 'legal_hold_empty'
  | 'legal_hold_step_forbidden'
  | 'legal_hold_changed_meanwhile'
  | 'legal_hold_damaged'
  | 'legal_hold_not_booked';

export class LegalError extends DomainError<LegalErrorCode> {}

/** How refusals about legal orders look over HTTP. */
export const legalErrorMap = {
  legal_hold_unknown: { status: 404, title: 'There is no such hold' },
  legal_hold_balance_unknown: { status: 422, title: 'The customer has no such balance' },
  legal_hold_empty: { status: 422, title: 'The order names no amount' },
  legal_hold_step_forbidden: { status: 409, title: 'The hold cannot take this step' },
  legal_hold_changed_meanwhile: { status: 409, title: 'The hold was changed meanwhile' },
  legal_hold_damaged: { status: 500, title: 'The hold is damaged' },
  legal_hold_not_booked: { status: 503, title: 'The ledger has not booked it' },
} as const satisfies Readonly<Record<LegalErrorCode, { status: number; title: string }>>;
