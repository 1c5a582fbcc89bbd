import { type FeeRate, type Satoshis } from '../../shared/index.ts';

/** Named bounds of every spend. What lies outside is a mistake or an attack, whoever asks for it. */
export interface SpendLimits {
  readonly minFeeRate: FeeRate;
  readonly maxFeeRate: FeeRate;
  /** The most that one transaction may pay in fees; an approved intent sets its own, lower cap. */
  readonly maxFee: Satoshis;
  /** Change above this index would lie outside what a restored wallet scans. */
  readonly maxChangeIndex: number;
}

export const DEFAULT_SPEND_LIMITS: SpendLimits = {
  // Below one satoshi per virtual byte many nodes do not relay.
  minFeeRate: 1_000n as FeeRate,
  // Twice the highest rates that blocks have seen for hours on end.
  maxFeeRate: 1_000_000n as FeeRate,
  // The heaviest standard transaction at 100 sat/vB.
  maxFee: 10_000_000n as Satoshis,
  maxChangeIndex: 100_000,
};

/**
 * Change below this is left to the miner: at ordinary rates a smaller coin costs a good part of itself to spend.
 * Well above dust (330 satoshis).
 */
export const MINIMUM_CHANGE = 5_000n as Satoshis;

/** What a coin is expected to cost to spend some day; Bitcoin Core's `-consolidatefeerate` default. */
export const LONG_TERM_FEE_RATE = 10_000n as FeeRate;

/** Opts in to replacement and leaves the locktime in force (BIP125, BIP65). */
export const REPLACEABLE_SEQUENCE = 0xfffffffd;

/** The transaction version of wallets since relative locktimes (BIP68). */
export const TRANSACTION_VERSION = 2;
