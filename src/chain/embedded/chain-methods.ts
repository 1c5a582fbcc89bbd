import type { RpcParameter } from '../rpc/rpc-json.ts';
import type { BcoinEntry } from './bcoin-types.ts';
import type { EmbeddedChain } from './embedded-chain.ts';
import {
  parameterBoolean,
  parameterHash,
  parameterInteger,
  reversedHex,
  RpcFault,
  type RpcMethod,
} from './rpc-fault.ts';

/** What `getnetworkinfo` calls this node: bcoin's own version, in Bitcoin Core's notation. */
const VERSION = 10002;

interface KnownBlock {
  readonly entry: BcoinEntry;
  readonly onMainChain: boolean;
}

async function knownBlock(node: EmbeddedChain, hash: string): Promise<KnownBlock> {
  const entry = await node.chain.getEntry(hash);
  if (entry !== null) return { entry, onMainChain: await node.chain.isMainChain(entry) };
  const lost = node.disconnected.get(hash);
  if (lost === undefined) throw new RpcFault('notFound', 'Block not found');
  return { entry: lost.entry, onMainChain: false };
}

function rawHeader(entry: BcoinEntry): Buffer {
  return entry.toHeaders().toRaw().subarray(0, 80);
}

async function headerSummary(node: EmbeddedChain, { entry, onMainChain }: KnownBlock): Promise<RpcParameter> {
  const isGenesis = entry.height === 0;
  return {
    hash: reversedHex(entry.hash),
    confirmations: onMainChain ? node.chain.height - entry.height + 1 : -1,
    height: entry.height,
    time: entry.time,
    mediantime: onMainChain ? await node.chain.getMedianTime(entry) : entry.time,
    bits: entry.bits.toString(16).padStart(8, '0'),
    chainwork: entry.chainwork.toString(16, 64),
    ...(isGenesis ? {} : { previousblockhash: reversedHex(entry.prevBlock) }),
  };
}

async function rawBlock(node: EmbeddedChain, hash: string): Promise<string> {
  const block = (await node.chain.getBlock(hash)) ?? node.disconnected.get(hash)?.block;
  if (block === undefined) throw new RpcFault('notFound', 'Block not found');
  return block.toRaw().toString('hex');
}

async function blockchainInfo(node: EmbeddedChain): Promise<RpcParameter> {
  const { tip } = node.chain;
  return {
    chain: 'regtest',
    blocks: tip.height,
    headers: tip.height,
    bestblockhash: reversedHex(tip.hash),
    time: tip.time,
    mediantime: await node.chain.getMedianTime(tip),
    initialblockdownload: false,
    chainwork: tip.chainwork.toString(16, 64),
    pruned: false,
    warnings: [],
  };
}

/** Calls about blocks, as Bitcoin Core answers them. */
export function chainMethods(node: EmbeddedChain): Record<string, RpcMethod> {
  return {
    getblockchaininfo: () => blockchainInfo(node),
    getnetworkinfo: () => ({
      version: VERSION,
      subversion: '/bcoin:1.0.2/',
      connections: 0,
      warnings: [],
    }),
    getindexinfo: () => ({ txindex: { synced: true, best_block_height: node.chain.height } }),
    getblockcount: () => node.chain.height,
    getbestblockhash: () => reversedHex(node.chain.tip.hash),
    getblockhash: async (params) => {
      const height = parameterInteger(params, 0);
      const entry = height < 0 || height > node.chain.height ? null : await node.chain.getEntry(height);
      if (entry === null) throw new RpcFault('invalidParameter', 'Block height out of range');
      return reversedHex(entry.hash);
    },
    getblockheader: async (params) => {
      const known = await knownBlock(node, parameterHash(params, 0));
      return parameterBoolean(params, 1, true)
        ? headerSummary(node, known)
        : rawHeader(known.entry).toString('hex');
    },
    getblock: async (params) => {
      if (parameterInteger(params, 1, 0) !== 0) {
        throw new RpcFault('invalidParameter', 'The embedded node gives raw blocks only (verbosity 0)');
      }
      return rawBlock(node, parameterHash(params, 0));
    },
    invalidateblock: async (params) => {
      const { entry, onMainChain } = await knownBlock(node, parameterHash(params, 0));
      if (entry.height === 0)
        throw new RpcFault('invalidParameter', 'The genesis block cannot be invalidated');
      if (onMainChain) await node.invalidate(entry);
      return null;
    },
  };
}

/** Whether a method changes chain or memory pool and so must run alone. */
export const CHANGING_METHODS: ReadonlySet<string> = new Set([
  'invalidateblock',
  'generatetoaddress',
  'generatetodescriptor',
  'submitblock',
  'sendrawtransaction',
  'testmempoolaccept',
]);
