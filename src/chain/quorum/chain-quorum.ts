import type { NetworkName } from '../../bitcoin/index.ts';
import { canonicalJson, describeError, type Clock, type JsonValue } from '../../shared/index.ts';
import type { BlockPosition, ChainNode, InclusionProof, Outpoint, UnspentOutput } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { identifyNode } from '../follower/node-identity.ts';

export interface QuorumSource {
  /** For operators: which node. */
  readonly name: string;
  readonly node: ChainNode;
}

export interface QuorumOptions {
  /** Independent of each other: other hosts, other operators, other ways to the network. */
  readonly sources: readonly QuorumSource[];
  /** How many must say the same. Default: more than half, two of three. */
  readonly threshold?: number;
  readonly network: NetworkName;
  readonly clock: Clock;
  /** An agreed tip older than this counts as disagreement. Default 90 minutes. */
  readonly staleAfterMs?: number;
}

/** Why the sources yield no fact. */
export type DisagreementKind = 'facts_differ' | 'too_few_answers' | 'stale_tip';

const DEFAULT_STALE_AFTER_MS = 90 * 60 * 1000;
/** Honest nodes may differ for a moment about the newest blocks; below they agree. */
const TIP_RACE_BLOCKS = 2;

function disagreement(fact: string, kind: DisagreementKind, internal?: string): ChainError {
  return new ChainError('chain_disagreement', 'The Bitcoin nodes asked do not agree.', {
    details: { fact, kind },
    retryable: true,
    ...(internal === undefined ? {} : { internal }),
  });
}

/** Errors that are an answer (there is no such thing), not a failure to answer. */
function absence(thrown: unknown): string | undefined {
  if (!(thrown instanceof ChainError)) return undefined;
  const { code } = thrown;
  return code === 'height_out_of_range' ||
    code === 'block_not_found' ||
    code === 'transaction_not_found' ||
    code === 'output_not_found'
    ? code
    : undefined;
}

type Answer<T> = { readonly text: string } & ({ readonly value: T } | { readonly absent: ChainError });

/**
 * Facts about the chain that enough independent sources state alike. One lying, stalled or cut-off source changes
 * nothing; when too many differ, every question ends in `chain_disagreement`, and money waits.
 */
export class ChainQuorum {
  readonly #options: QuorumOptions;
  readonly #threshold: number;
  readonly #known = new Set<QuorumSource>();

  constructor(options: QuorumOptions) {
    const { length } = options.sources;
    this.#options = options;
    this.#threshold = options.threshold ?? Math.floor(length / 2) + 1;
    if (this.#threshold * 2 <= length || this.#threshold > length) {
      throw new ChainError(
        'node_config_invalid',
        'A quorum needs more than half of its nodes, and no more than all.',
      );
    }
  }

  /** @throws ChainError `chain_disagreement`, also when the newest agreed block is too old. */
  async tip(): Promise<BlockPosition> {
    const answers = await this.#ask((node) => node.tip());
    const heights = answers.map((tip) => tip.height).sort((a, b) => b - a);
    const highest = heights[this.#threshold - 1];
    if (highest === undefined) throw disagreement('tip', 'too_few_answers');
    for (let height = highest; height >= Math.max(0, highest - TIP_RACE_BLOCKS); height--) {
      const hash = await this.blockHash(height).catch((thrown: unknown) => {
        if (thrown instanceof ChainError && thrown.details['kind'] === 'facts_differ') return undefined;
        throw thrown;
      });
      if (hash === undefined) continue;
      await this.#refuseStale(hash);
      return { height, hash };
    }
    throw disagreement('tip', 'facts_differ');
  }

  /** @throws ChainError `height_out_of_range` when enough sources say so, `chain_disagreement`. */
  blockHash(height: number): Promise<string> {
    return this.#agree(
      'block_hash',
      (node) => node.blockHash(height),
      (hash) => hash,
    );
  }

  /** @throws ChainError `transaction_not_found` when enough sources say so, `chain_disagreement`. */
  inclusionProof(txid: string, blockHash?: string): Promise<InclusionProof> {
    const options = blockHash === undefined ? {} : { blockHash };
    return this.#agree(
      'inclusion_proof',
      (node) => node.inclusionProof(txid, options),
      ({ block, branch }) => ({ ...block, position: branch.position, siblings: branch.siblings }),
    );
  }

  /** Confirmed or not; the number of confirmations may differ by source and is the least of those that agree. */
  unspentOutput(outpoint: Outpoint): Promise<UnspentOutput | undefined> {
    return this.#agree(
      'unspent_output',
      (node) => node.unspentOutput(outpoint, { ignoreMempool: true }),
      (output) =>
        output === undefined
          ? null
          : { satoshis: output.satoshis.toString(), script: Buffer.from(output.script).toString('hex') },
      (outputs) => outputs.reduce((a, b) => ((a?.confirmations ?? 0) <= (b?.confirmations ?? 0) ? a : b)),
    );
  }

  async #refuseStale(hash: string): Promise<void> {
    const time = await this.#agree(
      'tip_time',
      (node) => node.header(hash),
      ({ header }) => header.time,
    );
    const ageMs = this.#options.clock.nowMs() - time.header.time * 1000;
    if (ageMs > (this.#options.staleAfterMs ?? DEFAULT_STALE_AFTER_MS))
      throw disagreement('tip', 'stale_tip');
  }

  /** A source is asked for facts only once it has shown that it follows the right chain. */
  async #identified(source: QuorumSource): Promise<ChainNode> {
    if (!this.#known.has(source)) {
      await identifyNode(source.node, this.#options.network, []);
      this.#known.add(source);
    }
    return source.node;
  }

  async #ask<T>(question: (node: ChainNode) => Promise<T>): Promise<readonly T[]> {
    const settled = await Promise.allSettled(
      this.#options.sources.map(async (source) => question(await this.#identified(source))),
    );
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  async #agree<T>(
    fact: string,
    question: (node: ChainNode) => Promise<T>,
    essence: (value: T) => JsonValue,
    choose: (agreeing: readonly T[]) => T | undefined = (agreeing) => agreeing[0],
  ): Promise<T> {
    const failures: string[] = [];
    const answers = await Promise.all(
      this.#options.sources.map(async (source): Promise<Answer<T> | undefined> => {
        try {
          const value = await question(await this.#identified(source));
          return { text: canonicalJson(essence(value)), value };
        } catch (thrown) {
          const absent = absence(thrown);
          if (absent !== undefined && thrown instanceof ChainError)
            return { text: `absent ${absent}`, absent: thrown };
          failures.push(`${source.name}: ${describeError(thrown)}`);
          return undefined;
        }
      }),
    );
    const given = answers.filter((answer) => answer !== undefined);
    for (const { text } of given) {
      const agreeing = given.filter((answer) => answer.text === text);
      if (agreeing.length < this.#threshold) continue;
      const values = agreeing.flatMap((answer) => ('value' in answer ? [answer.value] : []));
      const [first] = agreeing;
      if (first !== undefined && 'absent' in first) throw first.absent;
      return choose(values) as T;
    }
    const kind = given.length < this.#threshold ? 'too_few_answers' : 'facts_differ';
    throw disagreement(fact, kind, failures.join('; '));
  }
}
