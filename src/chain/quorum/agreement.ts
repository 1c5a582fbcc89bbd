import type { NetworkName } from '../../bitcoin/index.ts';
import { canonicalJson, describeError, type JsonValue } from '../../shared/index.ts';
import type { ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { identifyNode } from '../follower/node-identity.ts';

export interface QuorumSource {
  /** For operators: which node. */
  readonly name: string;
  readonly node: ChainNode;
}

/** Why the sources yield no fact. */
export type DisagreementKind = 'facts_differ' | 'too_few_answers' | 'stale_tip';

export function disagreement(fact: string, kind: DisagreementKind, internal?: string): ChainError {
  return new ChainError('chain_disagreement', 'The Bitcoin nodes asked do not agree.', {
    details: { fact, kind },
    retryable: true,
    ...(internal === undefined || internal === '' ? {} : { internal }),
  });
}

/** Errors that are an answer (there is no such thing), not a failure to answer. */
function absence(thrown: unknown): ChainError | undefined {
  if (!(thrown instanceof ChainError)) return undefined;
  const { code } = thrown;
  const isAnswer =
    code === 'height_out_of_range' ||
    code === 'block_not_found' ||
    code === 'transaction_not_found' ||
    code === 'output_not_found';
  return isAnswer ? thrown : undefined;
}

interface Failure {
  readonly source: QuorumSource;
  readonly thrown: unknown;
}

type Answer<T> = { readonly text: string } & ({ readonly value: T } | { readonly absent: ChainError });

/** How long those that are slower are waited for, once enough have answered. */
const GRACE_MS = 2_000;

/** Asks several nodes the same and settles what they say, without waiting for one that hangs. */
export class Agreement {
  readonly threshold: number;
  readonly #sources: readonly QuorumSource[];
  readonly #network: NetworkName;
  readonly #known = new Set<QuorumSource>();
  /** Asked first when one answer is enough; whoever fails is asked last from then on. */
  #order: readonly QuorumSource[];

  /** @throws ChainError `node_config_invalid` when a minority could decide. */
  constructor(sources: readonly QuorumSource[], network: NetworkName, threshold: number | undefined) {
    const { length } = sources;
    this.#sources = sources;
    this.#order = sources;
    this.#network = network;
    this.threshold = threshold ?? Math.floor(length / 2) + 1;
    if (this.threshold * 2 <= length || this.threshold > length) {
      throw new ChainError(
        'node_config_invalid',
        'A quorum needs more than half of its nodes, and no more than all.',
      );
    }
  }

  get size(): number {
    return this.#sources.length;
  }

  /**
   * What enough sources say alike; `essence` is what must be alike, `choose` picks among their answers. Settled as
   * soon as it is certain. @throws ChainError `chain_disagreement`, or the absence that enough of them report.
   */
  agree<T>(
    fact: string,
    question: (node: ChainNode) => Promise<T>,
    essence: (value: T) => JsonValue,
    choose: (agreeing: readonly T[]) => T | undefined = (agreeing) => agreeing[0],
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const given: Answer<T>[] = [];
      const failures: Failure[] = [];
      let left = this.#sources.length;
      const settle = (): void => {
        left--;
        const most = Math.max(
          0,
          ...given.map(({ text }) => given.filter((each) => each.text === text).length),
        );
        if (most + left >= this.threshold) return;
        const kind = given.length + left < this.threshold ? 'too_few_answers' : 'facts_differ';
        reject(this.#unsettled(fact, kind, failures));
      };
      const take = (answer: Answer<T>): void => {
        given.push(answer);
        const agreeing = given.filter(({ text }) => text === answer.text);
        if (agreeing.length < this.threshold) return;
        if ('absent' in answer) reject(answer.absent);
        else resolve(choose(agreeing.flatMap((each) => ('value' in each ? [each.value] : []))) as T);
      };
      for (const source of this.#sources) {
        this.#answerOf(source, question, essence)
          .then(take)
          .catch((thrown: unknown) => {
            failures.push({ source, thrown });
          })
          .finally(settle);
      }
    });
  }

  /**
   * What the sources say, each for itself; those that hang are not waited for once enough have answered.
   * @throws ChainError `chain_disagreement` when too few answer.
   */
  async each<T>(fact: string, question: (node: ChainNode) => Promise<T>): Promise<readonly T[]> {
    const answers: T[] = [];
    const failures: Failure[] = [];
    await new Promise<void>((resolve) => {
      let left = this.#sources.length;
      let grace: NodeJS.Timeout | undefined;
      const settle = (): void => {
        left--;
        if (left > 0 && answers.length >= this.threshold) grace ??= setTimeout(resolve, GRACE_MS);
        if (left > 0) return;
        clearTimeout(grace);
        resolve();
      };
      for (const source of this.#sources) {
        this.#identified(source)
          .then(question)
          .then((answer) => answers.push(answer))
          .catch((thrown: unknown) => failures.push({ source, thrown }))
          .finally(settle);
      }
    });
    if (answers.length < this.threshold) throw this.#unsettled(fact, 'too_few_answers', failures);
    return [...answers];
  }

  /** The first answer that proves itself; `question` throws for one that does not. @throws what the last one threw. */
  async first<T>(question: (node: ChainNode) => Promise<T>): Promise<T> {
    let last: unknown;
    for (const source of this.#order) {
      try {
        return await question(await this.#identified(source));
      } catch (thrown) {
        last = absence(last) === undefined ? thrown : last;
        if (absence(thrown) !== undefined) continue;
        this.#order = [...this.#order.filter((other) => other !== source), source];
      }
    }
    throw last;
  }

  /** Of a single node it is that node's own failure. */
  #unsettled(fact: string, kind: DisagreementKind, failures: readonly Failure[]): Error {
    const [only] = failures;
    if (this.size === 1 && only?.thrown instanceof Error) return only.thrown;
    const said = failures.map(({ source, thrown }) => `${source.name}: ${describeError(thrown)}`);
    return disagreement(fact, kind, said.join('; '));
  }

  /** A source is asked for facts only once it has shown that it follows the right chain. */
  async #identified(source: QuorumSource): Promise<ChainNode> {
    if (!this.#known.has(source)) {
      await identifyNode(source.node, this.#network, []);
      this.#known.add(source);
    }
    return source.node;
  }

  async #answerOf<T>(
    source: QuorumSource,
    question: (node: ChainNode) => Promise<T>,
    essence: (value: T) => JsonValue,
  ): Promise<Answer<T>> {
    try {
      const value = await question(await this.#identified(source));
      return { text: canonicalJson(essence(value)), value };
    } catch (thrown) {
      const absent = absence(thrown);
      if (absent === undefined) throw thrown;
      return { text: `absent ${absent.code}`, absent };
    }
  }
}
