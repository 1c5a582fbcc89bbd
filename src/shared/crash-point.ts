/**
 * Named instants between two effects, where a process may be killed by a test: what was done before is done, what
 * comes after is not. In a product process a crash point does nothing, and no setting, environment variable or
 * message can change that: only the entry program of a test calls `watchCrashPoints`.
 */
export const CRASH_POINTS = [
  // The ledger.
  'ledger.before_commit',
  'ledger.committed',
  'ledger.answered',
  // The API: written, and the transaction not yet committed; or committed, and the caller not yet answered.
  'http.effect_committed',
  'transfer.stored',
  'transfer.booked',
  'withdrawal.request_written',
  'intent.signature_written',
  'intent.approval_written',
  'intent.cancellation_written',
  'wallet.request_written',
  'restriction.written',
  // The worker, on the way in.
  'deposit.seen',
  'deposit.step_begun',
  'deposit.step_booked',
  // The worker, opening a wallet: the signer has made its key; all keys fixed; the signer has pinned them; open.
  'wallet.key_given',
  'wallet.descriptor_fixed',
  'wallet.pinned',
  'wallet.opened',
  // The worker, telling others.
  'outbox.sealed',
  'webhook.fanned_out',
  'webhook.sent',
  'webhook.recorded',
  // The worker, on the way out.
  'withdrawal.hold_posted',
  'withdrawal.built',
  'withdrawal.presented',
  'withdrawal.signer_due',
  'withdrawal.signer_answered',
  'withdrawal.broadcast_booked',
  'withdrawal.before_broadcast',
  'withdrawal.after_broadcast',
  'withdrawal.confirmation_seen',
  'withdrawal.confirmation_booked',
  // The worker, paying several at once, of which one does not go: they are one payout, and two again.
  'withdrawal.batch_built',
  'withdrawal.abandoned',
  'withdrawal.unbuilt',
  'withdrawal.revoked',
  'withdrawal.hold_released',
  // The worker, freezing a customer and lifting that.
  'restriction.ledger_flagged',
  'restriction.signer_told',
  'restriction.release_begun',
  'restriction.signer_lifted',
  'restriction.ledger_unflagged',
  // The operator and the station, with a bundle in hand.
  'station.signed',
  'bundle.signature_written',
  // The signer and its witness.
  'signer.key_made',
  'signer.key_recorded',
  'signer.wallet_pinned',
  'signer.spend_written',
  'signer.spend_recorded',
  'signer.witnessed',
  'signer.signed',
  'signer.released',
  'signer.abandonment_recorded',
  'signer.revocation_recorded',
  'signer.restriction_recorded',
  'signer.release_recorded',
  'witness.before_memory',
  'witness.after_memory',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

let watcher: ((point: CrashPoint) => void) | undefined;

/** Marks an instant. Does nothing. */
export function crashPoint(point: CrashPoint): void {
  watcher?.(point);
}

/** For the entry programs of tests: told of every instant that this process passes. */
export function watchCrashPoints(watch: (point: CrashPoint) => void): void {
  watcher = watch;
}
