import type { BlockHeader } from '../../bitcoin/index.ts';
import type { ChainNode } from '../chain-node.ts';

/** Blocks asked for ahead of the one in work: hides the way to the node, and bounds memory to 32 MB. */
const AHEAD = 8;

export interface FedBlock {
  readonly header: BlockHeader;
  readonly bytes: Uint8Array;
}

/** The blocks of these headers in order, the next ones fetched while one is in work. */
export async function* feedBlocks(
  node: ChainNode,
  headers: readonly BlockHeader[],
): AsyncGenerator<FedBlock> {
  const pending: Promise<Uint8Array>[] = [];
  let asked = 0;
  const ask = (): void => {
    const header = headers[asked++];
    if (header === undefined) return;
    const promise = node.block(header.hash);
    // It is awaited in its turn; until then a failure must not count as unheard.
    promise.catch(() => undefined);
    pending.push(promise);
  };
  while (asked < AHEAD) ask();
  for (const header of headers) {
    const bytes = await pending.shift();
    if (bytes === undefined) return;
    ask();
    yield { header, bytes };
  }
}
