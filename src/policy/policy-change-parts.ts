import type { ApprovalQueue } from '../approvals/index.ts';
import type { Database } from '../database/index.ts';
import type { Manifest } from '../intents/index.ts';
import type { Clock } from '../shared/index.ts';
import type { PolicyInForce } from './policy-in-force.ts';

/** What changing the policy works with. */
export interface PolicyChangeParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
  readonly policy: PolicyInForce;
  readonly manifest: () => Promise<Manifest>;
}
