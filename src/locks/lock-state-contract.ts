/** `registering` and `revoking` last until the signer has answered. */
export const LOCK_STATES = ['registering', 'refused', 'in_force', 'revoking', 'ended'] as const;
export type LockState = (typeof LOCK_STATES)[number];

/** Why a lock signs nothing any more: another took its place, at its own word, or by the way back for a lost file. */
export const LOCK_END_REASONS = ['replaced', 'revoked', 'recovered'] as const;
export type LockEndReason = (typeof LOCK_END_REASONS)[number];
