import type { QueueActor } from '../approvals/index.ts';
import type { RequestParts, StepParts } from '../withdrawals/index.ts';

/** What asking for moves and looking at them works with. */
export type TreasuryParts = Pick<
  RequestParts,
  'database' | 'clock' | 'network' | 'queue' | 'wallets' | 'trust'
>;

/** What drawing moves and carrying them on works with. */
export type TreasuryStepParts = TreasuryParts &
  Pick<StepParts, 'ledger' | 'node' | 'cosigner' | 'random'> & {
    /** When small coins are merged; as by default unless told. */
    readonly consolidation?: Consolidation;
  };

export interface Consolidation {
  /** So many coins of a wallet are many. */
  readonly coins: number;
  /** Up to this rate it is cheap, in sat/kvB. */
  readonly upToFeeRate: bigint;
}

/** Half of what Bitcoin Core takes for the rate of the long run; so few coins as below are no burden. */
export const USUAL_CONSOLIDATION: Consolidation = { coins: 50, upToFeeRate: 5_000n };

export const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
