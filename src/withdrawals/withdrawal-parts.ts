import type { NetworkName, RandomSource } from '../bitcoin/index.ts';
import type { ChainNode } from '../chain/index.ts';
import type { ApprovalQueue, QueueActor, StoredIntent } from '../approvals/index.ts';
import type { Database } from '../database/index.ts';
import type { LedgerClient } from '../ledger/client/index.ts';
import type { Clock, WeeklyWindows } from '../shared/index.ts';
import type { Payout } from './payout-store.ts';
import type { CosignerPort, TrustPort, WalletsPort } from './ports.ts';
import type { Withdrawal } from './withdrawal.ts';

/** What is needed to ask for withdrawals and to look at them. */
export interface RequestParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly network: NetworkName;
  readonly queue: ApprovalQueue;
  readonly wallets: WalletsPort;
  readonly trust: TrustPort;
  readonly node: Pick<ChainNode, 'feeEstimate' | 'tip'>;
  /** When the station signs; null: whenever people come. */
  readonly coldWindows: WeeklyWindows | null;
}

/** What is needed to carry them on. */
export interface StepParts extends RequestParts {
  readonly ledger: Pick<LedgerClient, 'transfer'>;
  readonly node: Pick<ChainNode, 'feeEstimate' | 'tip' | 'header' | 'broadcast' | 'mempoolEntry'>;
  readonly cosigner: CosignerPort;
  readonly random: RandomSource;
  readonly batching: Batching;
  /** How long a payout waits for a block before a dearer variant is taken, once blocks have become dearer. */
  readonly raiseAfterMs: number;
}

/** How withdrawals of one wallet share a transaction. */
export interface Batching {
  /** How long the oldest that is ready waits for others that are on their way. */
  readonly waitMs: number;
  /** How many fit; 1: each has its own. */
  readonly size: number;
}

/** A withdrawal with the intent that entitles it. */
export interface Member {
  readonly withdrawal: Withdrawal;
  readonly stored: StoredIntent;
}

/** Withdrawals that go their way together: those of one payout, or a single one that has none yet. */
export interface Group {
  readonly payout: Payout | null;
  readonly members: readonly [Member, ...Member[]];
}

/** Nobody in particular: our own worker, acting by itself. */
export const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
