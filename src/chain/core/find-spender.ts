import { hashBytes, hashText, scanBlock } from '../../bitcoin/index.ts';
import type { BlockPosition, ChainNode, Outpoint } from '../chain-node.ts';
import { hash256 } from '../native-hash.ts';
import { readingBlock } from '../reading-block.ts';

/** The 36 bytes with which an input names what it spends. */
export function outpointBytes(outpoint: Outpoint): Uint8Array {
  const bytes = new Uint8Array(36);
  bytes.set(hashBytes(outpoint.txid) ?? new Uint8Array(32));
  new DataView(bytes.buffer).setUint32(32, outpoint.vout, true);
  return bytes;
}

/** Searches blocks, newest first, for the transaction that spends an output. */
export async function findSpender(
  node: ChainNode,
  outpoint: Outpoint,
  lowest: number,
  highest: number,
): Promise<{ byTxid: string; block: BlockPosition } | undefined> {
  const wanted = outpointBytes(outpoint);
  for (let height = highest; height >= lowest; height--) {
    const hash = await node.blockHash(height);
    const bytes = await node.block(hash);
    let spender: number | undefined;
    const txids = readingBlock(() =>
      scanBlock(bytes, hash256, {
        input: (at, position) => {
          if (Buffer.compare(bytes.subarray(at, at + 36), wanted) === 0) spender = position;
        },
        output: () => undefined,
        transaction: () => undefined,
      }),
    );
    if (spender !== undefined) return { byTxid: hashText(txids, 32 * spender), block: { height, hash } };
  }
  return undefined;
}
