import type { ApprovalQueue, QueueActor } from '../approvals/index.ts';
import type { Database } from '../database/index.ts';
import type { Manifest } from '../intents/index.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import type { Clock } from '../shared/index.ts';

export interface LegalParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
  readonly network: string;
}

/** What carrying legal orders on works with. */
export interface LegalStepParts extends Pick<LegalParts, 'database' | 'clock' | 'queue'> {
  readonly ledger: Pick<LedgerClient, 'transfer' | 'accounts'>;
  readonly manifest: () => Promise<Manifest>;
}

export const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
