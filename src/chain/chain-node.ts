import type { BlockHeader, ChainRules, MerkleBranch } from '../bitcoin/index.ts';
import type { FeeRate, Satoshis } from '../shared/index.ts';

// The node port: what Trilock asks a Bitcoin node. Hashes and txids are written as people read them (lower-case
// hexadecimal, reversed). Every operation may throw a ChainError about the way to the node (`node_…`).

export interface BlockPosition {
  readonly height: number;
  readonly hash: string;
}

export interface Outpoint {
  readonly txid: string;
  readonly vout: number;
}

export interface NodeStatus {
  readonly chain: ChainRules;
  readonly tip: BlockPosition;
  /** Of the best header; higher than the tip while blocks are missing. */
  readonly headerHeight: number;
  /** The node itself says that it is still catching up. */
  readonly initialSync: boolean;
  /** The lowest block it still has, or `undefined` when it has all (it is not pruned). */
  readonly prunedBelow: number | undefined;
  /** Whether any confirmed transaction can be asked for by its id alone. */
  readonly transactionIndex: boolean;
  /** `/Satoshi:31.0.0/`. */
  readonly software: string;
}

export interface PlacedHeader {
  readonly header: BlockHeader;
  readonly height: number;
  /** False for a block that lost a reorganisation. */
  readonly onMainChain: boolean;
}

export interface UnspentOutput {
  readonly satoshis: Satoshis;
  readonly script: Uint8Array;
  /** 0 for one that only the memory pool knows. */
  readonly confirmations: number;
  readonly coinbase: boolean;
}

export type OutputState =
  | ({ readonly state: 'unspent' } & UnspentOutput)
  | {
      readonly state: 'spent';
      readonly byTxid: string;
      /** `undefined` while the spender waits in the memory pool. */
      readonly block: BlockPosition | undefined;
    }
  /** Spent in a block that is not among those searched. */
  | { readonly state: 'spent_long_ago' };

export type RefusalReason =
  | 'already_in_mempool'
  | 'already_confirmed'
  | 'inputs_missing_or_spent'
  | 'fee_too_low'
  | 'fee_too_high'
  | 'replacement_refused'
  | 'script_invalid'
  | 'dust'
  | 'not_final'
  | 'coinbase_immature'
  | 'unconfirmed_chain_too_long'
  | 'nonstandard'
  | 'malformed'
  | 'invalid'
  /** In words that this version does not know; they are in `nodeReason`. */
  | 'other';

export type Acceptance =
  | { readonly accepted: true; readonly txid: string; readonly virtualBytes: number; readonly fee: Satoshis }
  | { readonly accepted: false; readonly reason: RefusalReason; readonly nodeReason: string };

export interface Broadcast {
  readonly txid: string;
  readonly outcome: 'accepted' | 'already_in_mempool' | 'already_confirmed';
}

export interface MempoolEntry {
  readonly fee: Satoshis;
  readonly virtualBytes: number;
}

export interface FeeEstimate {
  readonly feeRate: FeeRate;
  /** `fallback` when the node has no estimate, or an absurd one. */
  readonly source: 'node' | 'fallback';
  /** Which named limit replaced a value beyond it. */
  readonly clampedTo: 'floor' | 'ceiling' | undefined;
}

export interface FoundTransaction {
  readonly txid: string;
  /** Network form (BIP144); its id was computed here. */
  readonly bytes: Uint8Array;
  /** `undefined` while it waits in the memory pool. */
  readonly block: BlockPosition | undefined;
}

/** A transaction in a block: the branch was computed here from the whole block, and leads to the header's root. */
export interface InclusionProof {
  readonly txid: string;
  readonly block: BlockPosition;
  readonly header: BlockHeader;
  readonly branch: MerkleBranch;
}

export interface ChainNode {
  /** @throws ChainError `wrong_network` for a chain that is none we know. */
  status(): Promise<NodeStatus>;
  tip(): Promise<BlockPosition>;
  /** Of the main chain. @throws ChainError `height_out_of_range`. */
  blockHash(height: number): Promise<string>;
  /** @throws ChainError `block_not_found`. */
  header(hash: string): Promise<PlacedHeader>;
  /**
   * Up to `count` headers of the main chain from a height on, each linked to the one before; fewer at the tip, or
   * when the chain changes meanwhile.
   */
  headers(fromHeight: number, count: number): Promise<readonly BlockHeader[]>;
  /** The serialised block. Its header hashes to `hash`; nothing else is checked. @throws ChainError `block_not_found`, `block_pruned`. */
  block(hash: string): Promise<Uint8Array>;
  /** An output that is neither spent in a block nor, unless told, in the memory pool. */
  unspentOutput(
    outpoint: Outpoint,
    options?: { readonly ignoreMempool?: boolean },
  ): Promise<UnspentOutput | undefined>;
  /**
   * Who spent an output. A confirmed spender is searched in the blocks after `sinceHeight` (default: the output's
   * own block), at most 2,016 of them from the tip down. @throws ChainError `output_not_found`.
   */
  outputState(outpoint: Outpoint, options?: { readonly sinceHeight?: number }): Promise<OutputState>;
  /** Whether the memory pool would take it; changes nothing. */
  testAcceptance(transaction: Uint8Array): Promise<Acceptance>;
  /**
   * Hands it to the node and asks the memory pool whether it is there. The same bytes again are no error.
   * @throws ChainError `transaction_refused` with `details.reason` one of `RefusalReason`.
   */
  broadcast(transaction: Uint8Array): Promise<Broadcast>;
  mempoolEntry(txid: string): Promise<MempoolEntry | undefined>;
  /** For confirmation within `targetBlocks` (1 … 1008). Always within the limits of the fee policy. */
  feeEstimate(targetBlocks: number): Promise<FeeEstimate>;
  /**
   * A transaction by its id. Without a transaction index the node finds a confirmed one only by `blockHash`, or
   * while one of its outputs is unspent. @throws ChainError `transaction_not_found`.
   */
  transaction(txid: string, options?: { readonly blockHash?: string }): Promise<FoundTransaction>;
  /** @throws ChainError `transaction_not_found` when it is not (yet) in a block of the main chain. */
  inclusionProof(txid: string, options?: { readonly blockHash?: string }): Promise<InclusionProof>;
  close(): void;
}
