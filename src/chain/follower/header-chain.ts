import {
  hasProofOfWork,
  RETARGET_INTERVAL,
  retargetedBits,
  type BlockHeader,
  type ChainRules,
} from '../../bitcoin/index.ts';
import type { BlockPosition, ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';

/** A header's time must be later than the median of this many before it (BIP113). */
const MEDIAN_SPAN = 11;
/** MAX_FUTURE_BLOCK_TIME of Bitcoin Core. */
const MAX_FUTURE_SECONDS = 2 * 60 * 60;

export type HeaderRule = 'not_linked' | 'no_work' | 'wrong_target' | 'time_too_old' | 'time_too_new';

function invalid(header: BlockHeader, height: number, rule: HeaderRule): ChainError {
  return new ChainError('header_invalid', 'The node sent a block header that breaks the rules.', {
    details: { hash: header.hash, height, rule },
  });
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** The end of a chain of headers, as much of it as is needed to judge what comes next. */
export class HeaderChain {
  readonly #rules: ChainRules;
  readonly #headers: BlockHeader[];
  #height: number;

  private constructor(rules: ChainRules, headers: BlockHeader[], height: number) {
    this.#rules = rules;
    this.#headers = headers;
    this.#height = height;
  }

  /**
   * The chain that ends at `position`, which is trusted; the headers before it come from the node and must lead
   * to it. @throws ChainError `node_answer_malformed` when they do not.
   */
  static async endingAt(node: ChainNode, rules: ChainRules, position: BlockPosition): Promise<HeaderChain> {
    const { height, hash } = position;
    // The next target may depend on the first block of the period that `position` is in.
    const periodStart = height - (height % RETARGET_INTERVAL);
    const medianStart = Math.max(0, height - MEDIAN_SPAN + 1);
    const from = rules.retarget === 'every_2016' ? Math.min(periodStart, medianStart) : medianStart;
    const headers = await node.headers(from, height - from + 1);
    if (headers.length !== height - from + 1 || headers.at(-1)?.hash !== hash) {
      throw new ChainError(
        'node_answer_malformed',
        'The node sent headers that do not lead to a block it has.',
        {
          details: { height, hash },
          retryable: true,
        },
      );
    }
    return new HeaderChain(rules, [...headers], height);
  }

  get tip(): BlockHeader {
    const tip = this.#headers.at(-1);
    if (tip === undefined) throw new Error('a header chain is never empty');
    return tip;
  }

  get position(): BlockPosition {
    return { height: this.#height, hash: this.tip.hash };
  }

  /** Checks the next header by itself and against those before it, and appends it. @throws ChainError `header_invalid`. */
  append(header: BlockHeader, nowMs: number): void {
    const height = this.#height + 1;
    if (header.previousHash !== this.tip.hash) throw invalid(header, height, 'not_linked');
    if (!hasProofOfWork(header, this.#rules.workLimit)) throw invalid(header, height, 'no_work');
    const bits = this.#expectedBits(height);
    if (bits !== undefined && header.bits !== bits) throw invalid(header, height, 'wrong_target');
    const times = this.#headers.slice(-MEDIAN_SPAN).map((before) => before.time);
    if (header.time <= median(times)) throw invalid(header, height, 'time_too_old');
    if (header.time > nowMs / 1000 + MAX_FUTURE_SECONDS) throw invalid(header, height, 'time_too_new');
    this.#headers.push(header);
    this.#height = height;
    // Two periods are more than any rule looks back.
    if (this.#headers.length > 3 * RETARGET_INTERVAL) this.#headers.splice(0, RETARGET_INTERVAL);
  }

  /** A copy that can be extended on its own. */
  fork(): HeaderChain {
    return new HeaderChain(this.#rules, [...this.#headers], this.#height);
  }

  #expectedBits(height: number): number | undefined {
    if (this.#rules.retarget === 'limit_only') return undefined;
    if (this.#rules.retarget === 'never' || height % RETARGET_INTERVAL !== 0) return this.tip.bits;
    const first = this.#headers.at(-RETARGET_INTERVAL);
    return first === undefined ? undefined : retargetedBits(first.time, this.tip, this.#rules.workLimit);
  }
}
