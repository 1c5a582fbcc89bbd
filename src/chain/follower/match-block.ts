import { hashText, merkleRoot, scanBlock, type BlockHeader } from '../../bitcoin/index.ts';
import { describeError, MAX_MONEY, satoshis } from '../../shared/index.ts';
import { ChainError } from '../errors.ts';
import { hash256 } from '../native-hash.ts';
import type { ChainMatch } from './chain-step.ts';
import type { WatchList } from './watch-list.ts';

function invalid(header: BlockHeader, rule: string, internal?: string): ChainError {
  return new ChainError('block_invalid', 'The node sent a block that does not fit its header.', {
    details: { hash: header.hash, rule },
    ...(internal === undefined ? {} : { internal }),
  });
}

/** A match whose txid is not known until its transaction ends. */
interface Candidate {
  readonly position: number;
  readonly at: number;
  readonly index: number;
  readonly script: Uint8Array | undefined;
  readonly value: bigint;
}

/**
 * Walks through a block once and keeps what the watch list may contain. An output that matches is watched from
 * its transaction on, so spending it in the same block is seen.
 */
function candidatesOf(bytes: Uint8Array, watch: WatchList): { candidates: Candidate[]; txids: Uint8Array } {
  const candidates: Candidate[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const outpoint = new Uint8Array(36);
  const outpointView = new DataView(outpoint.buffer);
  let firstOfTransaction = 0;
  const txids = scanBlock(bytes, hash256, {
    input: (at, position, index) => {
      if (!watch.outpoints.has(bytes, at, 36)) return;
      candidates.push({ position, at, index, script: undefined, value: 0n });
    },
    output: (at, length, valueAt, position, index) => {
      if (!watch.scripts.has(bytes, at, length)) return;
      const script = Uint8Array.from(bytes.subarray(at, at + length));
      candidates.push({ position, at, index, script, value: view.getBigUint64(valueAt, true) });
    },
    transaction: (position, ids) => {
      for (; firstOfTransaction < candidates.length; firstOfTransaction++) {
        const candidate = candidates[firstOfTransaction];
        if (candidate?.script === undefined) continue;
        outpoint.set(ids.subarray(32 * position, 32 * position + 32));
        outpointView.setUint32(32, candidate.index, true);
        watch.outpoints.add(outpoint);
      }
    },
  });
  return { candidates, txids };
}

/**
 * What of the watch list stands in a block, in the block's order. Every transaction is hashed here, and their
 * Merkle root compared with the header's. @throws ChainError `block_invalid` with `details.rule` `malformed`,
 * `merkle_root`, `repeated_transactions` (CVE-2012-2459) or `amount`.
 */
export async function matchBlock(
  bytes: Uint8Array,
  header: BlockHeader,
  watch: WatchList,
): Promise<readonly ChainMatch[]> {
  let scanned: ReturnType<typeof candidatesOf>;
  try {
    scanned = candidatesOf(bytes, watch);
  } catch (thrown) {
    throw invalid(header, 'malformed', describeError(thrown));
  }
  const { candidates, txids } = scanned;
  const { root, mutated } = merkleRoot(txids, hash256);
  if (root !== header.merkleRoot) throw invalid(header, 'merkle_root');
  if (mutated) throw invalid(header, 'repeated_transactions');
  const scripts = candidates.flatMap((candidate) =>
    candidate.script === undefined ? [] : [candidate.script],
  );
  const confirmed = scripts.length === 0 ? [] : await watch.confirm(scripts);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const matches: ChainMatch[] = [];
  let outputs = 0;
  for (const { position, at, index, script, value } of candidates) {
    const txid = hashText(txids, 32 * position);
    if (script === undefined) {
      const outpoint = { txid: hashText(bytes, at), vout: view.getUint32(at + 32, true) };
      matches.push({ kind: 'spend', outpoint, byTxid: txid, inputIndex: index });
    } else if (confirmed[outputs++] === true) {
      if (value > MAX_MONEY) throw invalid(header, 'amount');
      const outpoint = { txid, vout: index };
      matches.push({ kind: 'output', outpoint, script, satoshis: satoshis(value), coinbase: position === 0 });
    }
  }
  return matches;
}
