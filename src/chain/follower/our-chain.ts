import { parseBlockHeader, workOfBits } from '../../bitcoin/index.ts';
import type { BlockPosition } from '../chain-node.ts';
import { hash256 } from '../native-hash.ts';
import type { FollowerRecord, RememberedBlock } from './follower-store.ts';

interface Known extends BlockPosition {
  readonly header: Uint8Array;
  readonly bits: number;
}

/** The last blocks of the chain as the follower knows it, whatever any node says now. */
export class OurChain {
  readonly #blocks: Known[];

  /** `recent` is consecutive, oldest first, and not empty. */
  constructor(recent: readonly RememberedBlock[]) {
    this.#blocks = recent.map(({ height, header }) => {
      const { hash, bits } = parseBlockHeader(header, hash256);
      return { height, hash, header, bits };
    });
  }

  static of(record: FollowerRecord): OurChain {
    return new OurChain(record.recent);
  }

  get tip(): BlockPosition {
    const tip = this.#blocks.at(-1);
    if (tip === undefined) throw new Error('our chain is never empty');
    return { height: tip.height, hash: tip.hash };
  }

  get oldestHeight(): number {
    return this.#blocks[0]?.height ?? 0;
  }

  /** The block at a height, as far back as it is remembered. */
  at(height: number): BlockPosition | undefined {
    const known = this.#blocks[height - this.oldestHeight];
    return known === undefined ? undefined : { height: known.height, hash: known.hash };
  }

  /** Work of the blocks above a height. */
  workAbove(height: number): bigint {
    let work = 0n;
    for (const block of this.#blocks) if (block.height > height) work += workOfBits(block.bits);
    return work;
  }

  /** The chain without the blocks above a height, and with others on top. */
  with(forgetAbove: number, added: readonly RememberedBlock[], forgetBelow: number): OurChain {
    const kept = this.#blocks.filter(({ height }) => height <= forgetAbove && height >= forgetBelow);
    return new OurChain([...kept, ...added.filter(({ height }) => height >= forgetBelow)]);
  }
}
