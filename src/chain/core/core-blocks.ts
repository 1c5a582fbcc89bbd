import { chainsOfNetwork, parseBlockHeader, NETWORK_NAMES, type BlockHeader } from '../../bitcoin/index.ts';
import type { BlockPosition, NodeStatus, PlacedHeader } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { hash256 } from '../native-hash.ts';
import { readingBlock } from '../reading-block.ts';
import { CORE_CODES, refusalError, type RpcClient } from '../rpc/rpc-client.ts';
import { readBoolean, readBytes, readHash, readInteger, readObject, readString } from '../rpc/rpc-values.ts';
import type { RpcOutcome } from '../rpc/rpc-transport.ts';
import type { RpcValue } from '../rpc/rpc-json.ts';

/** Calls in one batch: enough to hide the way to the node, few enough for its work queue and our answer limit. */
const BATCH = 500;
const RULES = NETWORK_NAMES.flatMap((network) => chainsOfNetwork(network));

export function blockNotFound(hash: string): ChainError {
  return new ChainError('block_not_found', 'The node does not know this block.', { details: { hash } });
}

function resultOf(method: string, outcome: RpcOutcome | undefined): RpcValue {
  if (outcome === undefined) throw new ChainError('node_answer_malformed', 'The node did not answer.');
  if ('refusal' in outcome) throw refusalError(method, outcome.refusal);
  return outcome.result;
}

function headerFromHex(value: RpcValue, expectedHash: string): BlockHeader {
  const header = readingBlock(() => parseBlockHeader(readBytes(value, 'getblockheader'), hash256));
  if (
    header.hash !== expectedHash ||
    header.bytes.length * 2 !== readString(value, 'getblockheader').length
  ) {
    throw new ChainError('node_answer_malformed', 'The node sent another block than it was asked for.');
  }
  return header;
}

/** The part of the Bitcoin Core adapter that asks about blocks. */
export class CoreBlocks {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  async status(): Promise<NodeStatus> {
    const [info, network, indexes] = await this.#rpc.many([
      { method: 'getblockchaininfo', params: [] },
      { method: 'getnetworkinfo', params: [] },
      { method: 'getindexinfo', params: [] },
    ]);
    const chainInfo = readObject(resultOf('getblockchaininfo', info), 'getblockchaininfo');
    const coreName = readString(chainInfo['chain'], 'chain');
    const chain = RULES.find((rules) => rules.coreName === coreName);
    if (chain === undefined) {
      throw new ChainError('wrong_network', 'The node follows a chain that is unknown here.', {
        details: { chain: coreName.slice(0, 40) },
      });
    }
    const index = readObject(resultOf('getindexinfo', indexes), 'getindexinfo')['txindex'];
    const pruned = readBoolean(chainInfo['pruned'], 'pruned');
    return {
      chain,
      tip: {
        height: readInteger(chainInfo['blocks'], 'blocks'),
        hash: readHash(chainInfo['bestblockhash'], 'bestblockhash'),
      },
      headerHeight: readInteger(chainInfo['headers'], 'headers'),
      initialSync: readBoolean(chainInfo['initialblockdownload'], 'initialblockdownload'),
      prunedBelow: pruned ? readInteger(chainInfo['pruneheight'], 'pruneheight') : undefined,
      transactionIndex: index !== undefined && readBoolean(readObject(index, 'txindex')['synced'], 'synced'),
      software: readString(
        readObject(resultOf('getnetworkinfo', network), 'getnetworkinfo')['subversion'],
        'subversion',
      ).slice(0, 100),
    };
  }

  async tip(): Promise<BlockPosition> {
    const info = readObject(await this.#rpc.call('getblockchaininfo'), 'getblockchaininfo');
    return {
      height: readInteger(info['blocks'], 'blocks'),
      hash: readHash(info['bestblockhash'], 'bestblockhash'),
    };
  }

  async blockHash(height: number): Promise<string> {
    const outcome = await this.#rpc.attempt('getblockhash', [height]);
    if ('refusal' in outcome && outcome.refusal.code === CORE_CODES.invalidParameter) {
      throw new ChainError('height_out_of_range', 'The node has no block at this height.', {
        details: { height },
      });
    }
    return readHash(resultOf('getblockhash', outcome), 'getblockhash');
  }

  async header(hash: string): Promise<PlacedHeader> {
    const [raw, verbose] = await this.#rpc.many([
      { method: 'getblockheader', params: [hash, false] },
      { method: 'getblockheader', params: [hash, true] },
    ]);
    for (const outcome of [raw, verbose]) {
      if (
        outcome !== undefined &&
        'refusal' in outcome &&
        outcome.refusal.code === CORE_CODES.invalidAddressOrKey
      ) {
        throw blockNotFound(hash);
      }
    }
    const summary = readObject(resultOf('getblockheader', verbose), 'getblockheader');
    return {
      header: headerFromHex(resultOf('getblockheader', raw), hash),
      height: readInteger(summary['height'], 'height'),
      onMainChain: readInteger(summary['confirmations'], 'confirmations') > 0,
    };
  }

  async headers(fromHeight: number, count: number): Promise<readonly BlockHeader[]> {
    const headers: BlockHeader[] = [];
    while (headers.length < count) {
      const wanted = Math.min(BATCH, count - headers.length);
      const batch = await this.#headerBatch(fromHeight + headers.length, wanted);
      for (const header of batch) {
        const previous = headers.at(-1);
        if (previous !== undefined && header.previousHash !== previous.hash) return headers;
        headers.push(header);
      }
      if (batch.length < wanted) break;
    }
    return headers;
  }

  async #headerBatch(fromHeight: number, count: number): Promise<readonly BlockHeader[]> {
    const heights = Array.from({ length: count }, (_, at) => [fromHeight + at]);
    const hashes: string[] = [];
    for (const outcome of await this.#rpc.batch('getblockhash', heights)) {
      if ('refusal' in outcome && outcome.refusal.code === CORE_CODES.invalidParameter) break;
      hashes.push(readHash(resultOf('getblockhash', outcome), 'getblockhash'));
    }
    const outcomes = await this.#rpc.batch(
      'getblockheader',
      hashes.map((hash) => [hash, false]),
    );
    return outcomes.map((outcome, at) =>
      headerFromHex(resultOf('getblockheader', outcome), hashes[at] ?? ''),
    );
  }

  /** The block that a `gettxoutproof` begins with. */
  hashOfProof(proof: Uint8Array): string {
    return readingBlock(() => parseBlockHeader(proof, hash256)).hash;
  }

  async block(hash: string): Promise<Uint8Array> {
    const outcome = await this.#rpc.attempt('getblock', [hash, 0]);
    if ('refusal' in outcome && outcome.refusal.code === CORE_CODES.invalidAddressOrKey)
      throw blockNotFound(hash);
    const bytes = readBytes(resultOf('getblock', outcome), 'getblock');
    if (readingBlock(() => parseBlockHeader(bytes, hash256)).hash !== hash) {
      throw new ChainError('node_answer_malformed', 'The node sent another block than it was asked for.', {
        details: { hash },
      });
    }
    return bytes;
  }
}
