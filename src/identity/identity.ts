import type { KeyedHash, Throttle } from '../http/index.ts';
import type { Database } from '../database/index.ts';
import { idFromUuid, type Clock, type CustomerId, type StaffId } from '../shared/index.ts';

/** How long sessions last, in milliseconds. */
export interface SessionLimits {
  /** Without a request for so long, it ends. */
  readonly idleMs: number;
  /** However busy, it ends so long after sign-in. */
  readonly absoluteMs: number;
}

/** Thirty minutes idle and twelve hours in all: a working day (OWASP's range for high-value applications). */
export const DEFAULT_SESSION_LIMITS: SessionLimits = { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 };

/** What identity's use cases need. */
export interface IdentityParts {
  readonly database: Database;
  readonly hash: KeyedHash;
  /** Seals what staff may do; the worker has it too. */
  readonly seals: KeyedHash;
  readonly clock: Clock;
  readonly throttles: IdentityThrottles;
  readonly sessionLimits: SessionLimits;
}

/** Guesses are counted before they are checked, so parallel ones do not slip through. */
export interface IdentityThrottles {
  /** Per account and address: what one guesser gets. */
  readonly accountFromAddress: Throttle;
  /** Per account: what many addresses together get. */
  readonly account: Throttle;
  /** Per address: what one address gets over all accounts. */
  readonly address: Throttle;
  /** Registrations per address. */
  readonly registration: Throttle;
}

/** Somebody who can sign in. */
export type Person =
  { readonly kind: 'customer'; readonly id: CustomerId } | { readonly kind: 'staff'; readonly id: StaffId };

/** The columns of a row that name its owner. */
export interface OwnerColumns {
  readonly customerId: string | null;
  readonly staffId: string | null;
}

export function personOf(row: OwnerColumns): Person | null {
  if (row.customerId !== null) return { kind: 'customer', id: idFromUuid('customer', row.customerId) };
  return row.staffId === null ? null : { kind: 'staff', id: idFromUuid('staff', row.staffId) };
}
