import {
  deriveScriptPubKey,
  type Branch,
  type WalletCoin,
  type WalletDescriptor,
  type WalletPosition,
} from '../bitcoin/index.ts';
import {
  rescan,
  scanUnspentOutputs,
  WatchList,
  type BlockPosition,
  type ChainNode,
  type CoreNodeOptions,
  type Outpoint,
} from '../chain/index.ts';
import type { Clock, Satoshis } from '../shared/index.ts';

/** Every branch is searched this far beyond the last address that was used, unless the reader says otherwise. */
export const DEFAULT_GAP_LIMIT = 1_000;
const BRANCHES = ['receive', 'change'] as const;

export interface CoinSearch {
  readonly descriptor: WalletDescriptor;
  readonly node: ChainNode;
  /** How to reach the same node for a search of its unspent outputs; null searches its blocks instead. */
  readonly outputs: CoreNodeOptions | null;
  readonly birthHeight: number;
  readonly gapLimit: number;
  readonly clock: Clock;
}

/** A confirmed coin of the wallet. */
interface FoundCoin {
  readonly outpoint: Outpoint;
  readonly satoshis: Satoshis;
  readonly position: WalletPosition;
  readonly height: number;
  readonly coinbase: boolean;
}

export interface FoundCoins {
  readonly tip: BlockPosition;
  readonly searched: 'unspent outputs' | 'blocks';
  /** How many addresses of each branch were looked at. */
  readonly window: Readonly<Record<Branch, number>>;
  readonly coins: readonly WalletCoin[];
  /** Newly mined coins that nobody can spend yet. */
  readonly immature: number;
}

const nameOf = ({ txid, vout }: Outpoint): string => `${txid}:${vout}`;
const hexOf = (script: Uint8Array): string => Buffer.from(script).toString('hex');

/** The scripts of a wallet as far as they were derived, and what was found on them. */
class Window {
  readonly #descriptor: WalletDescriptor;
  readonly #gapLimit: number;
  readonly #positions = new Map<string, WalletPosition>();
  readonly derived: Record<Branch, number> = { receive: 0, change: 0 };
  #fresh: Uint8Array[] = [];

  constructor(descriptor: WalletDescriptor, gapLimit: number) {
    this.#descriptor = descriptor;
    this.#gapLimit = gapLimit;
    for (const branch of BRANCHES) this.#extend(branch, gapLimit);
  }

  #extend(branch: Branch, end: number): void {
    for (; this.derived[branch] < end; this.derived[branch]++) {
      const index = this.derived[branch];
      const script = deriveScriptPubKey(this.#descriptor, branch, index);
      this.#positions.set(hexOf(script), { branch, index });
      this.#fresh.push(script);
    }
  }

  /** The position of a script, and from now on a gap’s length beyond it belongs to the window. */
  used(script: Uint8Array): WalletPosition | undefined {
    const position = this.#positions.get(hexOf(script));
    if (position !== undefined) this.#extend(position.branch, position.index + 1 + this.#gapLimit);
    return position;
  }

  /** The scripts that were added since the last call. */
  takeFresh(): readonly Uint8Array[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}

/** @returns undefined when the node knows no such search. */
async function searchOutputs(
  { outputs }: CoinSearch,
  window: Window,
): Promise<readonly FoundCoin[] | undefined> {
  if (outputs === null) return undefined;
  const found: FoundCoin[] = [];
  for (let scripts = window.takeFresh(); scripts.length > 0; scripts = window.takeFresh()) {
    const scanned = await scanUnspentOutputs(outputs, scripts);
    if (scanned === undefined) return undefined;
    for (const { script, ...coin } of scanned) {
      const position = window.used(script);
      if (position !== undefined) found.push({ ...coin, position });
    }
  }
  return found;
}

/**
 * Looks through all blocks from the wallet’s birth on. When an address far along was used, the scripts that this
 * brings in are looked for in all blocks again: nobody says that addresses were paid in their order.
 */
async function searchBlocks(
  search: CoinSearch,
  window: Window,
  to: BlockPosition,
): Promise<readonly FoundCoin[]> {
  const { node, descriptor, birthHeight, clock } = search;
  const found = new Map<string, FoundCoin>();
  const spent = new Set<string>();
  for (let scripts = window.takeFresh(); scripts.length > 0; scripts = window.takeFresh()) {
    const ours = new Set(scripts.map(hexOf));
    const watch = new WatchList((asked) => Promise.resolve(asked.map((script) => ours.has(hexOf(script)))));
    for (const script of scripts) watch.addScript(script);
    await rescan({
      ...{ node, clock, watch, to, network: descriptor.network, fromHeight: birthHeight },
      handle: ({ to: block, matches }) => {
        for (const match of matches) {
          if (match.kind === 'spend') spent.add(nameOf(match.outpoint));
          else {
            const position = window.used(match.script);
            const { outpoint, satoshis, coinbase } = match;
            if (position === undefined) continue;
            found.set(nameOf(outpoint), { outpoint, satoshis, position, coinbase, height: block.height });
          }
        }
        return Promise.resolve();
      },
    });
  }
  return [...found].filter(([name]) => !spent.has(name)).map(([, coin]) => coin);
}

const COINBASE_MATURITY = 100;

/** With the transaction that made it: signers check the value by it. */
async function withTransaction(node: ChainNode, coin: FoundCoin, tip: BlockPosition): Promise<WalletCoin> {
  const { outpoint, satoshis, position, height } = coin;
  const { bytes } = await node.transaction(outpoint.txid, { blockHash: await node.blockHash(height) });
  return {
    outpoint: nameOf(outpoint),
    value: satoshis,
    confirmations: tip.height - height + 1,
    ownChange: position.branch === 'change',
    unconfirmedAncestors: 0,
    position,
    previousTransaction: bytes,
  };
}

/**
 * Finds every confirmed coin of a wallet, with nothing but its descriptor and a node: by a search of the node’s
 * unspent outputs where it has one, else block by block from the wallet’s birth. Coins that a transaction in the
 * memory pool already spends are left out.
 * @throws ChainError `node_…`, `block_pruned`, `wrong_network`, and others of `rescan`.
 */
export async function findCoins(search: CoinSearch): Promise<FoundCoins> {
  const { node, descriptor, gapLimit } = search;
  const { tip } = await node.status();
  const window = new Window(descriptor, gapLimit);
  const byOutputs = await searchOutputs(search, window);
  const byBlocks = new Window(descriptor, gapLimit);
  const found = byOutputs ?? (await searchBlocks(search, byBlocks, tip));
  const coins: WalletCoin[] = [];
  let immature = 0;
  for (const coin of found) {
    if (coin.coinbase && tip.height - coin.height + 1 < COINBASE_MATURITY) immature++;
    else if ((await node.unspentOutput(coin.outpoint)) !== undefined) {
      coins.push(await withTransaction(node, coin, tip));
    }
  }
  return {
    tip,
    searched: byOutputs === undefined ? 'blocks' : 'unspent outputs',
    window: (byOutputs === undefined ? byBlocks : window).derived,
    coins,
    immature,
  };
}
