import {
  merkleBranch,
  merkleRoot,
  parseBlockHeader,
  scanBlock,
  hashBytes,
  type BlockHeader,
} from '../../bitcoin/index.ts';
import type {
  Acceptance,
  BlockPosition,
  Broadcast,
  ChainNode,
  FeeEstimate,
  FoundTransaction,
  InclusionProof,
  MempoolEntry,
  NodeStatus,
  Outpoint,
  OutputState,
  PlacedHeader,
  UnspentOutput,
} from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { hash256 } from '../native-hash.ts';
import { readingBlock } from '../reading-block.ts';
import { HttpTransport, type HttpTransportOptions } from '../rpc/http-transport.ts';
import { RpcClient } from '../rpc/rpc-client.ts';
import { CoreBlocks } from './core-blocks.ts';
import { CoreTransactions } from './core-transactions.ts';
import { DEFAULT_FEE_POLICY, type FeePolicy } from './fee-policy.ts';
import { findSpender } from './find-spender.ts';

/** A fortnight of blocks. */
const MAX_SEARCHED_BLOCKS = 2016;

export interface CoreNodeOptions extends HttpTransportOptions {
  readonly feePolicy?: FeePolicy;
}

/**
 * The node port over Bitcoin Core's JSON-RPC, for a real node (28 or later, no wallet needed) and for the embedded
 * one, which speaks the same: one adapter, so both answer alike.
 */
export class CoreNode implements ChainNode {
  readonly #rpc: RpcClient;
  readonly #blocks: CoreBlocks;
  readonly #transactions: CoreTransactions;

  constructor(rpc: RpcClient, feePolicy: FeePolicy = DEFAULT_FEE_POLICY) {
    this.#rpc = rpc;
    this.#blocks = new CoreBlocks(rpc);
    this.#transactions = new CoreTransactions(rpc, this.#blocks, feePolicy);
  }

  status(): Promise<NodeStatus> {
    return this.#blocks.status();
  }

  tip(): Promise<BlockPosition> {
    return this.#blocks.tip();
  }

  blockHash(height: number): Promise<string> {
    return this.#blocks.blockHash(height);
  }

  header(hash: string): Promise<PlacedHeader> {
    return this.#blocks.header(hash);
  }

  headers(fromHeight: number, count: number): Promise<readonly BlockHeader[]> {
    return this.#blocks.headers(fromHeight, count);
  }

  block(hash: string): Promise<Uint8Array> {
    return this.#blocks.block(hash);
  }

  unspentOutput(
    outpoint: Outpoint,
    options: { readonly ignoreMempool?: boolean } = {},
  ): Promise<UnspentOutput | undefined> {
    return this.#transactions.unspentOutput(outpoint, options.ignoreMempool ?? false);
  }

  async outputState(
    outpoint: Outpoint,
    options: { readonly sinceHeight?: number } = {},
  ): Promise<OutputState> {
    const named = await this.#transactions.namedSpender(outpoint);
    if (named !== undefined) {
      if (named.blockHash === undefined) return { state: 'spent', byTxid: named.byTxid, block: undefined };
      const { height } = await this.header(named.blockHash);
      return { state: 'spent', byTxid: named.byTxid, block: { height, hash: named.blockHash } };
    }
    const unspent = await this.unspentOutput(outpoint);
    if (unspent !== undefined) return { state: 'unspent', ...unspent };
    const since = options.sinceHeight ?? (await this.#heightOf(outpoint));
    const tip = await this.tip();
    const lowest = Math.max(since, tip.height - MAX_SEARCHED_BLOCKS + 1);
    const found = await findSpender(this, outpoint, lowest, tip.height);
    return found === undefined ? { state: 'spent_long_ago' } : { state: 'spent', ...found };
  }

  testAcceptance(transaction: Uint8Array): Promise<Acceptance> {
    return this.#transactions.testAcceptance(transaction);
  }

  broadcast(transaction: Uint8Array): Promise<Broadcast> {
    return this.#transactions.broadcast(transaction);
  }

  mempoolEntry(txid: string): Promise<MempoolEntry | undefined> {
    return this.#transactions.mempoolEntry(txid);
  }

  feeEstimate(targetBlocks: number): Promise<FeeEstimate> {
    return this.#transactions.feeEstimate(targetBlocks);
  }

  transaction(txid: string, options: { readonly blockHash?: string } = {}): Promise<FoundTransaction> {
    return this.#transactions.transaction(txid, options.blockHash);
  }

  async inclusionProof(txid: string, options: { readonly blockHash?: string } = {}): Promise<InclusionProof> {
    const { block } = await this.transaction(txid, options);
    if (block === undefined) {
      throw new ChainError('transaction_not_found', 'This transaction is in no block of the main chain.', {
        details: { txid },
      });
    }
    const bytes = await this.block(block.hash);
    const header = parseBlockHeader(bytes, hash256);
    const ignore = (): void => undefined;
    const txids = readingBlock(() =>
      scanBlock(bytes, hash256, { input: ignore, output: ignore, transaction: ignore }),
    );
    const { root, mutated } = merkleRoot(txids, hash256);
    const position = positionOf(txid, txids);
    if (root !== header.merkleRoot || mutated || position === undefined) {
      throw new ChainError('block_invalid', 'The node sent a block that does not fit its own header.', {
        details: { hash: block.hash },
      });
    }
    return { txid, block, header, branch: merkleBranch(txids, position, hash256) };
  }

  close(): void {
    this.#rpc.close();
  }

  async #heightOf(outpoint: Outpoint): Promise<number> {
    try {
      const { block } = await this.transaction(outpoint.txid);
      return block?.height ?? 0;
    } catch (thrown) {
      if (!(thrown instanceof ChainError) || thrown.code !== 'transaction_not_found') throw thrown;
      throw new ChainError('output_not_found', 'The node knows no such output, spent or unspent.', {
        details: { txid: outpoint.txid, vout: outpoint.vout },
      });
    }
  }
}

function positionOf(txid: string, txids: Uint8Array): number | undefined {
  const wanted = hashBytes(txid);
  if (wanted === undefined) return undefined;
  for (let position = 0; 32 * position < txids.length; position++) {
    if (Buffer.compare(wanted, txids.subarray(32 * position, 32 * position + 32)) === 0) return position;
  }
  return undefined;
}

/** The node port over HTTP. The caller closes it. @throws ChainError `node_config_invalid`. */
export function connectNode(options: CoreNodeOptions): ChainNode {
  return new CoreNode(new RpcClient(new HttpTransport(options)), options.feePolicy);
}
