import {
  merkleRoot,
  parseBlockHeader,
  scanBlock,
  type BlockHeader,
  type NetworkName,
} from '../../bitcoin/index.ts';
import type { Clock, JsonValue } from '../../shared/index.ts';
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
import { Agreement, disagreement, type QuorumSource } from './agreement.ts';

export interface QuorumOptions {
  /** Independent of each other: other hosts, other operators, other ways to the network. */
  readonly sources: readonly QuorumSource[];
  /** How many must say the same. Default: more than half, two of three. */
  readonly threshold?: number;
  readonly network: NetworkName;
  readonly clock: Clock;
  /** An agreed tip older than this counts as disagreement. Default 90 minutes: one in 8,000 blocks takes longer. */
  readonly staleAfterMs?: number;
}

const DEFAULT_STALE_AFTER_MS = 90 * 60 * 1000;
/** Honest nodes may differ for a moment about the newest blocks; below they agree. */
const TIP_RACE_BLOCKS = 2;

/** @throws ChainError `block_invalid` for bytes that are no block, or one whose transactions are not those that its header commits to. */
function requireWhole(bytes: Uint8Array): Uint8Array {
  const ignore = (): void => undefined;
  const txids = readingBlock(() =>
    scanBlock(bytes, hash256, { input: ignore, output: ignore, transaction: ignore }),
  );
  const { root, mutated } = merkleRoot(txids, hash256);
  const { hash, merkleRoot: expected } = parseBlockHeader(bytes, hash256);
  if (root === expected && !mutated) return bytes;
  throw new ChainError('block_invalid', 'The node sent a block that does not fit its own header.', {
    details: { hash, rule: 'merkle_root' },
  });
}

function stateText(state: OutputState): JsonValue {
  if (state.state === 'unspent') return [state.state, state.satoshis.toString()];
  return state.state === 'spent' ? [state.state, state.byTxid, state.block?.hash ?? null] : [state.state];
}

/**
 * Several nodes as one, by what enough of them state alike. One lying, stalled or cut-off node changes nothing;
 * when too many differ, or the newest block is too old, every question ends in `chain_disagreement`, and money
 * waits. Blocks and transactions prove themselves by their hashes, so any node may hand them over.
 */
export class ChainQuorum implements ChainNode {
  readonly #options: QuorumOptions;
  readonly #nodes: Agreement;

  constructor(options: QuorumOptions) {
    this.#options = options;
    this.#nodes = new Agreement(options.sources, options.network, options.threshold);
  }

  /** As the others know it, its tip also when it is old. */
  async status(): Promise<NodeStatus> {
    const status = await this.#nodes.agree(
      'chain',
      (node) => node.status(),
      ({ chain }) => chain.coreName,
    );
    return { ...status, tip: await this.#agreedTip() };
  }

  /** @throws ChainError `chain_disagreement`, also when the newest agreed block is too old. */
  async tip(): Promise<BlockPosition> {
    const tip = await this.#agreedTip();
    const { header } = await this.#nodes.first((node) => node.header(tip.hash));
    const ageMs = this.#options.clock.nowMs() - header.time * 1000;
    if (ageMs > (this.#options.staleAfterMs ?? DEFAULT_STALE_AFTER_MS))
      throw disagreement('tip', 'stale_tip');
    return tip;
  }

  async #agreedTip(): Promise<BlockPosition> {
    const answers = await this.#nodes.each('tip', (node) => node.tip());
    const heights = answers.map((tip) => tip.height).sort((a, b) => b - a);
    const highest = heights[this.#nodes.threshold - 1];
    if (highest === undefined) throw disagreement('tip', 'too_few_answers');
    for (let height = highest; height >= Math.max(0, highest - TIP_RACE_BLOCKS); height--) {
      const hash = await this.blockHash(height).catch((thrown: unknown) => {
        if (thrown instanceof ChainError && thrown.details['kind'] === 'facts_differ') return undefined;
        throw thrown;
      });
      if (hash !== undefined) return { height, hash };
    }
    throw disagreement('tip', 'facts_differ');
  }

  blockHash(height: number): Promise<string> {
    return this.#nodes.agree(
      'block_hash',
      (node) => node.blockHash(height),
      (hash) => hash,
    );
  }

  header(hash: string): Promise<PlacedHeader> {
    return this.#nodes.agree(
      'header',
      (node) => node.header(hash),
      ({ height, onMainChain }) => ({ height, onMainChain }),
    );
  }

  /** They are linked, so who agrees on the last of them agrees on all. */
  headers(fromHeight: number, count: number): Promise<readonly BlockHeader[]> {
    return this.#nodes.first(async (node) => {
      const headers = await node.headers(fromHeight, count);
      const last = headers.at(-1);
      if (last === undefined || (await this.blockHash(fromHeight + headers.length - 1)) === last.hash) {
        return headers;
      }
      throw disagreement('headers', 'facts_differ');
    });
  }

  block(hash: string): Promise<Uint8Array> {
    // With one node there is no other to ask, and whoever follows it checks the block anyway.
    if (this.#nodes.size === 1) return this.#nodes.first((node) => node.block(hash));
    return this.#nodes.first(async (node) => requireWhole(await node.block(hash)));
  }

  /** The number of confirmations may differ by source, and is the least of those that agree. */
  unspentOutput(
    outpoint: Outpoint,
    options: { readonly ignoreMempool?: boolean } = {},
  ): Promise<UnspentOutput | undefined> {
    return this.#nodes.agree(
      'unspent_output',
      (node) => node.unspentOutput(outpoint, options),
      (output) =>
        output === undefined
          ? null
          : { satoshis: output.satoshis.toString(), script: Buffer.from(output.script).toString('hex') },
      (outputs) => outputs.reduce((a, b) => ((a?.confirmations ?? 0) <= (b?.confirmations ?? 0) ? a : b)),
    );
  }

  outputState(outpoint: Outpoint, options: { readonly sinceHeight?: number } = {}): Promise<OutputState> {
    return this.#nodes.agree('output_state', (node) => node.outputState(outpoint, options), stateText);
  }

  testAcceptance(transaction: Uint8Array): Promise<Acceptance> {
    return this.#nodes.agree(
      'acceptance',
      (node) => node.testAcceptance(transaction),
      (verdict) => (verdict.accepted ? 'accepted' : verdict.reason),
    );
  }

  /**
   * To all of them, so that none can keep it back; only while they agree on a fresh tip. It is accepted when any has
   * taken it. @throws ChainError `chain_disagreement`, `transaction_refused`.
   */
  async broadcast(transaction: Uint8Array): Promise<Broadcast> {
    await this.tip();
    const refusals: ChainError[] = [];
    const answers = await this.#nodes.each('broadcast', async (node) => {
      try {
        return await node.broadcast(transaction);
      } catch (thrown) {
        if (!(thrown instanceof ChainError) || thrown.code !== 'transaction_refused') throw thrown;
        refusals.push(thrown);
        return undefined;
      }
    });
    const taken = answers.filter((answer) => answer !== undefined);
    // Whoever says that it is confirmed says that nothing is left to do: one alone is not believed.
    const confirmed = taken.filter(({ outcome }) => outcome === 'already_confirmed');
    const waiting = taken.find(({ outcome }) => outcome !== 'already_confirmed');
    if (confirmed.length >= this.#nodes.threshold && confirmed[0] !== undefined) return confirmed[0];
    if (waiting !== undefined) return waiting;
    const [refusal] = refusals;
    if (refusal !== undefined) throw refusal;
    throw disagreement('broadcast', 'facts_differ');
  }

  /** Undefined, so that it is sent again, unless enough of them have it. */
  async mempoolEntry(txid: string): Promise<MempoolEntry | undefined> {
    const entries = await this.#nodes.each('mempool_entry', (node) => node.mempoolEntry(txid));
    const having = entries.filter((entry) => entry !== undefined);
    return having.length >= this.#nodes.threshold ? having[0] : undefined;
  }

  /** The middle one, so that one alone moves it nowhere; of two, the lower. */
  async feeEstimate(targetBlocks: number): Promise<FeeEstimate> {
    const answers = await this.#nodes.each('fee_estimate', (node) => node.feeEstimate(targetBlocks));
    const own = answers.filter(({ source }) => source === 'node');
    const known = own.length >= this.#nodes.threshold ? own : answers;
    const sorted = [...known].sort((a, b) => Number(a.feeRate - b.feeRate));
    const middle = sorted[(sorted.length - 1) >> 1];
    if (middle === undefined) throw disagreement('fee_estimate', 'too_few_answers');
    return middle;
  }

  /** Its bytes prove themselves; the block is what the node that has it says. */
  transaction(txid: string, options: { readonly blockHash?: string } = {}): Promise<FoundTransaction> {
    return this.#nodes.first((node) => node.transaction(txid, options));
  }

  inclusionProof(txid: string, options: { readonly blockHash?: string } = {}): Promise<InclusionProof> {
    return this.#nodes.agree(
      'inclusion_proof',
      (node) => node.inclusionProof(txid, options),
      ({ block, branch }) => ({ ...block, position: branch.position, siblings: branch.siblings }),
    );
  }

  close(): void {
    for (const { node } of this.#options.sources) node.close();
  }
}
