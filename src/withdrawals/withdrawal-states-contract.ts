/** Every state of a withdrawal, in the order in which a lucky one passes them. */
export const WITHDRAWAL_STATES = [
  /** Written down; once the customer has signed, its amount and fee cap are held in the ledger. */
  'requested',
  /** Held; nothing speaks against it. */
  'screened',
  'awaiting_approval',
  'approved',
  'cooling_off',
  /** Coins are reserved and the transaction is built. */
  'built',
  /** Its bundle waits for the station, or for the customer's own key. */
  'awaiting_cosigner',
  /** Complete and stored. */
  'platform_signed',
  'broadcast',
  'confirmed',
  'rejected',
  'cancelled',
  'expired',
  'failed',
  /** Stopped by compliance. */
  'quarantined',
  /** A block has spent its coins by a transaction that is none of its own. */
  'replaced',
] as const;
export type WithdrawalState = (typeof WITHDRAWAL_STATES)[number];
