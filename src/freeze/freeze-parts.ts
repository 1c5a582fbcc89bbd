import type { ApprovalQueue } from '../approvals/index.ts';
import type { Database, DatabaseTransaction } from '../database/index.ts';
import type {
  Approval,
  CustomerStatement,
  FreezeStatus,
  IntentOf,
  RequestSignature,
} from '../intents/index.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import type { Clock, CustomerId, WalletId, WithdrawalId } from '../shared/index.ts';
import type { Restriction } from './restriction.ts';

/** The platform cosigner's own record of restrictions. Each call may be repeated and answers the same. */
export interface FreezingSigner {
  /** Afterwards nothing of the customer is signed. */
  restrict(restriction: Pick<Restriction, 'id' | 'customer' | 'kind' | 'openedBy'>): Promise<void>;
  /** Lifts it when the signer finds the approvals sufficient itself. */
  release(release: {
    readonly intent: IntentOf<'release'>;
    readonly request: RequestSignature;
    readonly approvals: readonly Approval[];
    /** Of the customer's master lock, where that has ordered a deep freeze. */
    readonly statement?: CustomerStatement;
  }): Promise<void>;
  /** Afterwards the platform keys of the customer's wallets are erased there. */
  deepFreeze(asked: {
    readonly restriction: Restriction['id'];
    readonly order:
      | { readonly statement: CustomerStatement }
      | {
          readonly intent: IntentOf<'deep_freeze'>;
          readonly request: RequestSignature;
          readonly approvals: readonly Approval[];
        };
  }): Promise<void>;
  /** Afterwards nothing is signed, for anybody. */
  tripBreaker(breaker: { readonly breaker: Restriction['id']; readonly trippedBy: string }): Promise<void>;
  resetBreaker(reset: {
    readonly intent: IntentOf<'breaker_reset'>;
    readonly request: RequestSignature;
    readonly approvals: readonly Approval[];
  }): Promise<void>;
  /** Whether it waits to be told again which restrictions are in force, since it was resumed. */
  standing(): Promise<{ readonly epoch: number; readonly told: boolean }>;
  restrictionsTold(epoch: number): Promise<void>;
  /** What it refuses now, signed and numbered. */
  freezeStatus(): Promise<FreezeStatus>;
  /** Lifts a customer's own lock when the signer finds that the customer's master lock says so. */
  unlock(unlocking: {
    readonly restriction: Restriction['id'];
    readonly statement: CustomerStatement;
  }): Promise<void>;
}

export interface FreezeParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
}

/** What is needed to have restrictions acknowledged. */
export interface SettleParts extends Pick<FreezeParts, 'database' | 'clock'> {
  readonly ledger: Pick<LedgerClient, 'submit' | 'accounts'>;
  readonly signer: FreezingSigner;
  /** What a platform signature has left for: it cannot be called back, and people hear of it. */
  readonly beyondRecall: (tx: DatabaseTransaction, customer: CustomerId) => Promise<readonly WithdrawalId[]>;
  /** Whether a payment of a customer, or of anybody, that the API let through before has not reached the ledger. */
  readonly hasUnbooked: (tx: DatabaseTransaction, customer: CustomerId | null) => Promise<boolean>;
  /** The customer's vault wallets, whatever their state. */
  readonly vaultsOf: (tx: DatabaseTransaction, customer: CustomerId) => Promise<readonly WalletId[]>;
}
