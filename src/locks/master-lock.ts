import { z } from 'zod';
import { base64Url, type CustomerStatement, type MasterLockRegistration } from '../intents/index.ts';
import type { CredentialId, CustomerId } from '../shared/index.ts';
import { LockError } from './errors.ts';
import type { LockEndReason, LockState } from './lock-state-contract.ts';

export const LOCK_COMMANDS = ['pin', 'refuse', 'revoke', 'keep', 'end'] as const;
export type LockCommand = (typeof LOCK_COMMANDS)[number];

/** State, command, next. What is not here is refused. The signer may refuse a registration and a revocation. */
export const LOCK_TABLE = {
  registering: { pin: 'in_force', refuse: 'refused' },
  refused: {},
  in_force: { revoke: 'revoking', end: 'ended' },
  revoking: { end: 'ended', keep: 'in_force' },
  ended: {},
} as const satisfies Record<LockState, Partial<Record<LockCommand, LockState>>>;

/** X.509, DER in base64url: both halves of a lock, and the signer that issued them. */
export const lockCertificatesSchema = z.strictObject({
  signing: base64Url,
  decryption: base64Url,
  issuer: base64Url,
});
export type IssuedCertificates = z.infer<typeof lockCertificatesSchema>;

/** A customer's master lock as the application knows it; what counts is what the signer has pinned. */
export interface MasterLockRecord {
  /** Of the credential that its signing half is. */
  readonly id: CredentialId;
  readonly customer: CustomerId;
  readonly state: LockState;
  readonly version: number;
  readonly registration: MasterLockRegistration;
  readonly replaces: CredentialId | null;
  readonly certificates: IssuedCertificates | null;
  /** The lock's own word that it ends. */
  readonly revocation: CustomerStatement | null;
  readonly createdAt: Date;
  readonly pinnedAt: Date | null;
  readonly endedAt: Date | null;
  readonly endReason: LockEndReason | null;
  readonly obstacle: string | null;
  readonly failures: number;
}

/** Whether it is the one that signs; while it is being revoked it still is. */
export function isInForce({ state }: Pick<MasterLockRecord, 'state'>): boolean {
  return state === 'in_force' || state === 'revoking';
}

/** The state after a command. @throws LockError `master_lock_step_forbidden`. */
export function decide({ state }: Pick<MasterLockRecord, 'state'>, command: LockCommand): LockState {
  const row: Partial<Record<LockCommand, LockState>> = LOCK_TABLE[state];
  const next = row[command];
  if (next !== undefined) return next;
  throw new LockError('master_lock_step_forbidden', `A master lock that is ${state} cannot take this step.`, {
    details: { state, command },
  });
}
