import type { RpcParameter } from '../rpc/rpc-json.ts';
import { isVerifyError, type BcoinAddress, type BcoinCoin } from './bcoin-types.ts';
import type { EmbeddedChain } from './embedded-chain.ts';
import {
  bitcoinAmount,
  parameterInteger,
  parameterString,
  reversedHex,
  RpcFault,
  type RpcMethod,
} from './rpc-fault.ts';

const MAX_BLOCKS_A_CALL = 100_000;

function addressOfText(node: EmbeddedChain, text: string): BcoinAddress {
  try {
    return node.bcoin.Address.fromString(text, node.bcoin.network);
  } catch {
    throw new RpcFault('notFound', 'Error: Invalid address');
  }
}

/** The one descriptor form that is needed here: `raw(<script in hex>)`. */
function addressOfDescriptor(node: EmbeddedChain, descriptor: string): BcoinAddress {
  const hex = /^raw\(((?:[0-9a-f]{2})+)\)$/.exec(descriptor)?.[1];
  if (hex === undefined)
    throw new RpcFault('notFound', 'The embedded node takes raw(script) descriptors only');
  const address = node.bcoin.Address.fromScript(node.bcoin.Script.fromRaw(Buffer.from(hex, 'hex')));
  if (address === null) throw new RpcFault('notFound', 'This script has no address');
  return address;
}

async function generate(node: EmbeddedChain, count: number, address: BcoinAddress): Promise<string[]> {
  if (count < 0 || count > MAX_BLOCKS_A_CALL)
    throw new RpcFault('invalidParameter', 'Invalid number of blocks');
  const hashes: string[] = [];
  for (let i = 0; i < count; i++) hashes.push(reversedHex((await node.mine(address)).hash('hex')));
  return hashes;
}

function unspent(coin: BcoinCoin): RpcParameter {
  return {
    txid: reversedHex(coin.hash),
    vout: coin.index,
    scriptPubKey: coin.script.toRaw().toString('hex'),
    amount: bitcoinAmount(coin.value),
    coinbase: coin.coinbase,
    height: coin.height,
  };
}

/** Calls that only a regtest node answers usefully: mining, and finding the coins of a script. */
export function miningMethods(node: EmbeddedChain): Record<string, RpcMethod> {
  return {
    generatetoaddress: (params) =>
      generate(node, parameterInteger(params, 0), addressOfText(node, parameterString(params, 1))),
    generatetodescriptor: (params) =>
      generate(node, parameterInteger(params, 0), addressOfDescriptor(node, parameterString(params, 1))),
    submitblock: async (params) => {
      const raw = Buffer.from(parameterString(params, 0), 'hex');
      try {
        const entry = await node.chain.add(node.bcoin.Block.fromRaw(raw));
        return entry === null ? 'inconclusive' : null;
      } catch (thrown) {
        if (isVerifyError(thrown)) return thrown.reason;
        throw new RpcFault('deserialization', 'Block decode failed');
      }
    },
    validateaddress: (params) => {
      try {
        const address = node.bcoin.Address.fromString(parameterString(params, 0), node.bcoin.network);
        return {
          isvalid: true,
          scriptPubKey: node.bcoin.Script.fromAddress(address).toRaw().toString('hex'),
        };
      } catch {
        return { isvalid: false };
      }
    },
    scantxoutset: async (params) => {
      const action = parameterString(params, 0);
      const descriptors = params[1];
      if (action !== 'start' || !Array.isArray(descriptors)) {
        throw new RpcFault('invalidParameter', 'The embedded node knows the action "start" with descriptors');
      }
      const addresses = descriptors.map((_, at) =>
        addressOfDescriptor(node, parameterString(descriptors, at)),
      );
      const coins = await node.chain.getCoinsByAddress(addresses);
      return { success: true, height: node.chain.height, unspents: coins.map((coin) => unspent(coin)) };
    },
  };
}
