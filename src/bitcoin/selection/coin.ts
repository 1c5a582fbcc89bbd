import type { Satoshis } from '../../shared/index.ts';

/** What selection must know of an unspent output. */
export interface SelectableCoin {
  /** `txid:vout`. */
  readonly outpoint: string;
  readonly value: Satoshis;
  /** Blocks on top, its own included; 0 in the mempool. */
  readonly confirmations: number;
  /** Whether it is change of a transaction that this wallet made itself. */
  readonly ownChange: boolean;
  /** Unconfirmed transactions that it depends on, the one that made it included; 0 when confirmed. */
  readonly unconfirmedAncestors: number;
}

/** A coin and what it is worth at a fee rate. */
export interface WeighedCoin<Coin extends SelectableCoin> {
  readonly coin: Coin;
  /** The fee that spending it costs now. */
  readonly fee: bigint;
  /** The fee that spending it would cost at the long-term rate. */
  readonly longTermFee: bigint;
  /** Its value without `fee`: what it adds to a transaction. Always positive. */
  readonly effectiveValue: bigint;
}
