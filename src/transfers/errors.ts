import { DomainError } from '../shared/index.ts';

/** What the books refuse for good: the same request is answered so for ever. */
export const REFUSALS = [
  'insufficient_funds',
  'transfer_sender_frozen',
  'transfer_sender_closed',
  'transfer_recipient_closed',
  'transfer_refused',
] as const;

export type RefusalCode = (typeof REFUSALS)[number];

export type TransferErrorCode =
  | RefusalCode
  | 'transfer_amount_zero'
  | 'transfer_to_self'
  | 'transfer_recipient_unknown'
  | 'transfer_unknown'
  /** The ledger neither booked nor refused it; the same request again finds out. */
  | 'transfer_not_booked';

export class TransferError extends DomainError<TransferErrorCode> {}

/** How refusals of transfers look over HTTP. */
export const transferErrorMap = {
  insufficient_funds: { status: 409, title: 'The balance does not suffice' },
  transfer_sender_frozen: { status: 403, title: 'The account is frozen' },
  transfer_sender_closed: { status: 403, title: 'The account is closed' },
  transfer_recipient_closed: { status: 409, title: 'The recipient takes no transfers' },
  transfer_refused: { status: 409, title: 'The ledger refused the transfer' },
  transfer_amount_zero: { status: 422, title: 'The amount is zero' },
  transfer_to_self: { status: 422, title: 'Sender and recipient are the same' },
  transfer_recipient_unknown: { status: 422, title: 'There is no such recipient' },
  transfer_unknown: { status: 404, title: 'There is no such transfer' },
  transfer_not_booked: { status: 503, title: 'The transfer is not booked yet' },
} as const satisfies Readonly<Record<TransferErrorCode, { status: number; title: string }>>;

const REASONS: Readonly<Record<RefusalCode, string>> = {
  insufficient_funds: 'The spending balance is smaller than the amount.',
  transfer_sender_frozen: 'This account may not pay at the moment.',
  transfer_sender_closed: 'This account is closed.',
  transfer_recipient_closed: 'The recipient’s account takes no transfers.',
  transfer_refused: 'The ledger refused this transfer.',
};

export function refusal(code: RefusalCode): TransferError {
  return new TransferError(code, REASONS[code]);
}
