import type { AuditActor, AuthenticationStrength } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import type { Intent, IntentKind, Manifest, PublicKey } from '../intents/index.ts';
import type { Clock, CustomerId, RequestId } from '../shared/index.ts';
import type { ApprovalPolicy } from './approval-policy.ts';
import type { StoredIntent } from './stored-intent.ts';

/** Who does something with an intent, for the audit log. */
export interface QueueActor {
  readonly actor: AuditActor;
  readonly strength: AuthenticationStrength;
  readonly requestId?: RequestId;
}

/** What a kind of intent means to whoever carries it out; registered in `src/main`. */
export interface IntentKindBehaviour {
  /**
   * The state has changed; runs in the same transaction. A kind that looks at the queue by itself, as withdrawals do,
   * needs none.
   */
  changed?(tx: DatabaseTransaction, stored: StoredIntent): Promise<void>;
}

export interface ApprovalQueueParts {
  readonly clock: Clock;
  readonly network: Intent['network'];
  /** The manifest in force, as the signer has it. */
  readonly manifest: () => Promise<Manifest>;
  readonly policy: ApprovalPolicy;
  /** The credentials that the signer has pinned for a customer, by id. */
  readonly credentialsOf: (customer: CustomerId) => Promise<ReadonlyMap<string, PublicKey>>;
  readonly kinds: ReadonlyMap<IntentKind, IntentKindBehaviour>;
}
