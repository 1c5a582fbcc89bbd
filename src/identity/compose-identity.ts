import { createThrottle, type Authenticator, type BoundOperation, type KeyedHash } from '../http/index.ts';
import type { Database } from '../database/index.ts';
import type { Pool } from '../postgres/index.ts';
import type { Clock } from '../shared/index.ts';
import { accountRoutes } from './account-routes.ts';
import { createAuthenticator } from './authenticator.ts';
import { DEFAULT_SESSION_LIMITS, type IdentityThrottles, type SessionLimits } from './identity.ts';
import { registrationRoutes } from './registration-routes.ts';
import { sessionRoutes } from './session-routes.ts';

export interface IdentityOptions {
  readonly database: Database;
  /** For the shared counters. */
  readonly pool: Pool;
  readonly hash: KeyedHash;
  /** Seals what staff may do. */
  readonly seals: KeyedHash;
  readonly clock: Clock;
  /** `DEFAULT_SESSION_LIMITS` unless told. */
  readonly sessionLimits?: SessionLimits;
}

export interface Identity {
  readonly authenticator: Authenticator;
  readonly operations: readonly BoundOperation[];
}

const QUARTER_HOUR = 900;
const HOUR = 3_600;
const DAY = 86_400;

/** Five guesses a quarter of an hour from one place; many places together never get past fifty a day. */
function throttles(pool: Pool, hash: KeyedHash): IdentityThrottles {
  const rule = (name: string, points: number, windowSeconds: number) =>
    createThrottle(pool, hash, { name, points, windowSeconds });
  return {
    accountFromAddress: rule('sign-in/account-address', 5, QUARTER_HOUR),
    account: rule('sign-in/account', 50, DAY),
    address: rule('sign-in/address', 100, HOUR),
    registration: rule('registration/address', 20, HOUR),
  };
}

/** Identity as the API mounts it. */
export function createIdentity(options: IdentityOptions): Identity {
  const { database, pool, hash, seals, clock, sessionLimits = DEFAULT_SESSION_LIMITS } = options;
  const parts = { database, hash, seals, clock, sessionLimits, throttles: throttles(pool, hash) };
  return {
    authenticator: createAuthenticator(parts),
    operations: [...registrationRoutes(parts), ...sessionRoutes(parts), ...accountRoutes(parts)],
  };
}
