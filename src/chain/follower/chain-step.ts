import type { BlockHeader } from '../../bitcoin/index.ts';
import type { Satoshis } from '../../shared/index.ts';
import type { BlockPosition, Outpoint } from '../chain-node.ts';

/** An output whose script is watched. */
export interface MatchedOutput {
  readonly kind: 'output';
  readonly outpoint: Outpoint;
  readonly script: Uint8Array;
  readonly satoshis: Satoshis;
  /** Spendable only after a hundred blocks. */
  readonly coinbase: boolean;
}

/** A watched output is spent. The caller may not know it (one chance in 2^64): it ignores what it has no coin for. */
export interface MatchedSpend {
  readonly kind: 'spend';
  readonly outpoint: Outpoint;
  readonly byTxid: string;
  readonly inputIndex: number;
}

export type ChainMatch = MatchedOutput | MatchedSpend;

/** One move of the followed chain, from one block to a neighbour. */
export type ChainStep =
  | {
      readonly kind: 'connected';
      readonly from: BlockPosition;
      /** The block that was added: matches are in it, in its order. */
      readonly to: BlockPosition;
      readonly header: BlockHeader;
      readonly matches: readonly ChainMatch[];
    }
  /** `from` is the block that is gone; everything reported in it is undone. */
  | { readonly kind: 'disconnected'; readonly from: BlockPosition; readonly to: BlockPosition };
