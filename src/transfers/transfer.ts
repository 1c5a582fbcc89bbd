import type { CustomerId, Id, Satoshis } from '../shared/index.ts';
import type { RefusalCode } from './errors.ts';

export type TransferId = Id<'transfer'>;

/** What a customer asked for. It is stored before the ledger hears of it; the money itself is in the ledger alone. */
export interface Transfer {
  readonly id: TransferId;
  readonly sender: CustomerId;
  readonly recipient: CustomerId;
  readonly amount: Satoshis;
  readonly memo: string | null;
}

/**
 * `requested`: stored; the ledger may or may not have booked it. `completed`: booked, and told to both sides.
 * `refused`: the books refused it for good.
 */
export type TransferState = 'requested' | 'completed' | 'refused';
export type TransferCommand = 'complete' | 'refuse';

export const TRANSFER_TABLE = {
  requested: { complete: 'completed', refuse: 'refused' },
  completed: {},
  refused: {},
} as const satisfies Record<TransferState, Partial<Record<TransferCommand, TransferState>>>;

/** The state after a command, or null where the table has none. */
export function decide(state: TransferState, command: TransferCommand): TransferState | null {
  const row: Partial<Record<TransferCommand, TransferState>> = TRANSFER_TABLE[state];
  return row[command] ?? null;
}

/** What the ledger said about a transfer. */
export type Booking =
  | { readonly kind: 'booked'; readonly bookedAt: Date }
  | { readonly kind: 'refused'; readonly code: RefusalCode };

/** A booked transfer as one of its two sides sees it. */
export interface TransferView {
  readonly id: TransferId;
  readonly direction: 'sent' | 'received';
  readonly counterparty: CustomerId;
  readonly amount: Satoshis;
  readonly memo: string | null;
  readonly completedAt: Date;
}
