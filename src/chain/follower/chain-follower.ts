import { workOfBits, type BlockHeader, type ChainRules, type NetworkName } from '../../bitcoin/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { BlockPosition, ChainNode } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { agreedBlock, nodeBehind } from './agreed-block.ts';
import { feedBlocks } from './block-feed.ts';
import type { ChainStep } from './chain-step.ts';
import type { FollowerStore, RememberedBlock } from './follower-store.ts';
import { HeaderChain } from './header-chain.ts';
import { matchBlock } from './match-block.ts';
import { identifyNode } from './node-identity.ts';
import { OurChain } from './our-chain.ts';
import type { WatchList } from './watch-list.ts';

export interface FollowerOptions<Tx> {
  /** Names the position, so that several may follow independently. */
  readonly name: string;
  readonly network: NetworkName;
  readonly node: ChainNode;
  readonly store: FollowerStore<Tx>;
  readonly watch: WatchList;
  /**
   * Told every step once and in order, inside the transaction that stores the new position. When it throws, the
   * step was not taken and will come again.
   */
  readonly handle: (step: ChainStep, tx: Tx) => Promise<void>;
  readonly clock: Clock;
  /** Where a new follower stands: this block is trusted and not itself reported. Default: the first block. */
  readonly startAt?: BlockPosition;
  /** Blocks that must be on the chain; nothing below the highest is ever undone. */
  readonly checkpoints?: readonly BlockPosition[];
  /** Blocks that may be undone at most; deeper ones stop the follower. Default 144, a day. */
  readonly maxReorgDepth?: number;
  /** A node may be this many blocks behind our own position before it is refused. Default 6. */
  readonly maxBlocksBehind?: number;
  /** A tip older than this is reported as stale. Default 90 minutes: one in 8,000 blocks takes longer. */
  readonly staleAfterMs?: number;
  /** Steps committed together at most, while catching up. Default 50. */
  readonly stepsPerCommit?: number;
}

export interface FollowerReport {
  readonly position: BlockPosition;
  readonly nodeTip: BlockPosition;
  readonly steps: number;
  readonly atTip: boolean;
  /** By the time its miner wrote into it. */
  readonly tipAgeMs: number;
  /** Nothing new for too long: the node may be cut off, so facts that depend on the tip are to be doubted. */
  readonly stale: boolean;
}

const DEFAULTS = {
  maxReorgDepth: 144,
  maxBlocksBehind: 6,
  staleAfterMs: 90 * 60 * 1000,
  stepsPerCommit: 50,
  checkpoints: [],
};
/** Headers asked for at once. */
const HEADERS_AT_ONCE = 2000;

/** Follows the chain of a node, block by block, and never reports a step twice or leaves one out. */
export class ChainFollower<Tx> {
  readonly #options: Required<Omit<FollowerOptions<Tx>, 'startAt'>> & Pick<FollowerOptions<Tx>, 'startAt'>;
  #ours: OurChain | undefined;
  #headers: HeaderChain | undefined;
  #rules: ChainRules | undefined;
  #running = false;

  constructor(options: FollowerOptions<Tx>) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** Where it stands; `undefined` before the first `poll`. */
  get position(): BlockPosition | undefined {
    return this.#ours?.tip;
  }

  /**
   * Takes every step up to the node's tip, or up to `maxSteps`. @throws ChainError `wrong_network`, `node_behind`,
   * `reorg_too_deep`, `forked_below_checkpoint`, `header_invalid`, `block_invalid`, `follower_position_moved`, and
   * those of the way to the node. After any of them it may be called again.
   */
  async poll(maxSteps = Number.POSITIVE_INFINITY): Promise<FollowerReport> {
    if (this.#running) throw new Error('a follower takes one poll at a time');
    this.#running = true;
    try {
      return await this.#poll(maxSteps);
    } catch (thrown) {
      // What is in memory may be ahead of, or behind, what is stored: read it again.
      this.#ours = undefined;
      this.#headers = undefined;
      this.#rules = undefined;
      throw thrown;
    } finally {
      this.#running = false;
    }
  }

  async #poll(maxSteps: number): Promise<FollowerReport> {
    const { node, network, checkpoints } = this.#options;
    this.#rules ??= await identifyNode(node, network, checkpoints);
    const nodeTip = await node.tip();
    this.#ours ??= await this.#load();
    let steps = 0;
    const fork = await agreedBlock(node, this.#ours, nodeTip, this.#options);
    if (fork === undefined) return this.#report(nodeTip, 0);
    if (fork.hash !== this.#ours.tip.hash || this.#headers?.position.hash !== fork.hash) {
      this.#headers = await HeaderChain.endingAt(node, this.#rules, fork);
    }
    if (fork.hash !== this.#ours.tip.hash) {
      const branch = await this.#headersAfter(fork, nodeTip.height);
      if (!this.#hasMoreWork(branch, this.#ours, fork)) return this.#report(nodeTip, 0);
      steps += await this.#disconnectTo(this.#ours, fork);
    }
    while (steps < maxSteps && this.#ours.tip.height < nodeTip.height) {
      const wanted = Math.min(HEADERS_AT_ONCE, maxSteps - steps, nodeTip.height - this.#ours.tip.height);
      const headers = await node.headers(this.#ours.tip.height + 1, wanted);
      if (headers[0]?.previousHash !== this.#ours.tip.hash) break;
      steps += await this.#connect(headers);
    }
    return this.#report(nodeTip, steps);
  }

  async #load(): Promise<OurChain> {
    const { store, name, node, startAt } = this.#options;
    const record = await store.load(name);
    if (record !== undefined) return OurChain.of(record);
    const hash = startAt?.hash ?? (await node.blockHash(0));
    const { header, height, onMainChain } = await node.header(hash);
    if (!onMainChain || height !== (startAt?.height ?? 0)) {
      throw new ChainError('wrong_network', 'The chain of the node lacks the block to start from.', {
        details: { hash },
      });
    }
    const remember = [{ height, header: header.bytes }];
    const next = { height, hash };
    await store.commit(name, { expected: undefined, next, forgetAbove: -1, remember, forgetBelow: 0 }, () =>
      Promise.resolve(),
    );
    return new OurChain(remember);
  }

  /** All headers of the node above a block, checked. */
  async #headersAfter(fork: BlockPosition, tipHeight: number): Promise<readonly BlockHeader[]> {
    const chain = this.#headers?.fork();
    const branch = await this.#options.node.headers(fork.height + 1, tipHeight - fork.height);
    for (const header of branch) chain?.append(header, this.#options.clock.nowMs());
    return branch;
  }

  /** Chains are compared by work, so a node cannot lead us back onto a shorter or easier one. */
  #hasMoreWork(branch: readonly BlockHeader[], ours: OurChain, fork: BlockPosition): boolean {
    const work = branch.reduce((sum, header) => sum + workOfBits(header.bits), 0n);
    if (work > ours.workAbove(fork.height)) return true;
    const behind = ours.tip.height - (fork.height + branch.length);
    if (behind > this.#options.maxBlocksBehind) throw nodeBehind(behind);
    return false;
  }

  async #disconnectTo(ours: OurChain, fork: BlockPosition): Promise<number> {
    const steps: ChainStep[] = [];
    for (let height = ours.tip.height; height > fork.height; height--) {
      const from = ours.at(height);
      const to = ours.at(height - 1);
      if (from !== undefined && to !== undefined) steps.push({ kind: 'disconnected', from, to });
    }
    // In one transaction however deep: nobody sees a chain that is half undone.
    await this.#commit(ours, steps, []);
    return steps.length;
  }

  async #connect(headers: readonly BlockHeader[]): Promise<number> {
    const { node, watch, clock, stepsPerCommit } = this.#options;
    const chain = this.#headers;
    if (chain === undefined) return 0;
    for (const header of headers) chain.append(header, clock.nowMs());
    let ours = this.#ours ?? (await this.#load());
    let from = ours.tip;
    let steps: ChainStep[] = [];
    let remember: RememberedBlock[] = [];
    for await (const { header, bytes } of feedBlocks(node, headers)) {
      const to = { height: from.height + 1, hash: header.hash };
      steps.push({ kind: 'connected', from, to, header, matches: await matchBlock(bytes, header, watch) });
      remember.push({ height: to.height, header: header.bytes });
      from = to;
      if (steps.length < stepsPerCommit && to.hash !== headers.at(-1)?.hash) continue;
      ours = await this.#commit(ours, steps, remember);
      steps = [];
      remember = [];
    }
    return headers.length;
  }

  async #commit(
    ours: OurChain,
    steps: readonly ChainStep[],
    remember: readonly RememberedBlock[],
  ): Promise<OurChain> {
    const { store, name, handle, maxReorgDepth } = this.#options;
    const next = steps.at(-1)?.to ?? ours.tip;
    const forgetAbove = Math.min(next.height, ours.tip.height);
    // Twice what may be undone, so that after a deep reorganisation there is still something to compare.
    const forgetBelow = next.height - 2 * maxReorgDepth;
    await store.commit(name, { expected: ours.tip, next, forgetAbove, remember, forgetBelow }, async (tx) => {
      for (const step of steps) await handle(step, tx);
    });
    const moved = ours.with(forgetAbove, remember, forgetBelow);
    this.#ours = moved;
    return moved;
  }

  #report(nodeTip: BlockPosition, steps: number): FollowerReport {
    const { clock, staleAfterMs } = this.#options;
    const position = this.#ours?.tip ?? nodeTip;
    const tipTime = this.#headers?.tip.time;
    const tipAgeMs = tipTime === undefined ? 0 : Math.max(0, clock.nowMs() - tipTime * 1000);
    return {
      position,
      nodeTip,
      steps,
      atTip: position.hash === nodeTip.hash,
      tipAgeMs,
      stale: tipAgeMs > staleAfterMs,
    };
  }
}
