import type { ApprovalQueue } from '../approvals/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';
import type { Database } from '../database/index.ts';
import type {
  Approval,
  CustomerStatement,
  MasterLockRecoveryIntent,
  MasterLockRegistration,
  RequestSignature,
} from '../intents/index.ts';
import type { Clock } from '../shared/index.ts';
import type { IssuedCertificates } from './master-lock.ts';

/** What the use cases of master locks need. */
export interface LockParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly network: NetworkName;
}

/** What asking for the way back to a lost lock needs besides. */
export interface RecoveryParts extends LockParts {
  readonly queue: ApprovalQueue;
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
  /** Begins the 14 days, when the signer finds the signatures sufficient itself. */
  startLockRecovery(document: {
    readonly intent: MasterLockRecoveryIntent;
    readonly request: RequestSignature;
    readonly approvals: Approval[];
  }): Promise<{ readonly startedAt: string; readonly readyAt: string }>;
  cancelLockRecovery(request: { readonly statement: CustomerStatement }): Promise<unknown>;
  /** Not before the 14 days are over. */
  completeLockRecovery(request: {
    readonly intentHash: string;
  }): Promise<{ readonly certificates: IssuedCertificates }>;
}

export interface LockStepParts extends LockParts {
  readonly signer: LockSigner;
}
