import type { NetworkName } from '../bitcoin/index.ts';
import type { Database } from '../database/index.ts';
import type { CustomerStatement, MasterLockRegistration } from '../intents/index.ts';
import type { Clock } from '../shared/index.ts';
import type { IssuedCertificates } from './master-lock.ts';

/** What the use cases of master locks need. */
export interface LockParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly network: NetworkName;
}

/**
 * The platform signer's own record of locks, which decides. Each call may be repeated with the same parameters and
 * answers the same.
 */
export interface LockSigner {
  registerMasterLock(request: {
    readonly registration: MasterLockRegistration;
  }): Promise<{ readonly certificates: IssuedCertificates }>;
  revokeMasterLock(request: { readonly statement: CustomerStatement }): Promise<unknown>;
}

export interface LockStepParts extends LockParts {
  readonly signer: LockSigner;
}
