import { isRpcNumber, type RpcParameter, type RpcValue } from '../rpc/rpc-json.ts';

import { scaledByHundredMillion } from '../rpc/rpc-values.ts';
import { admit, judge, type Verdict } from './acceptance.ts';
import type { BcoinCoin, BcoinMempoolEntry, BcoinTx } from './bcoin-types.ts';
import type { EmbeddedChain } from './embedded-chain.ts';
import { MIN_RELAY_SATS_PER_KVB } from './load-bcoin.ts';
import {
  bitcoinAmount,
  parameterBoolean,
  parameterHash,
  parameterInteger,
  parameterString,
  reversedHex,
  RpcFault,
  type RpcMethod,
} from './rpc-fault.ts';

/** Bitcoin Core's default of `maxfeerate`: 0.10 BTC/kvB. */
const DEFAULT_MAX_FEE_RATE = 10_000_000n;

function parseTx(node: EmbeddedChain, hex: string): BcoinTx {
  const raw = Buffer.from(hex, 'hex');
  try {
    if (raw.length * 2 !== hex.length) throw new Error('not hexadecimal');
    const tx = node.bcoin.TX.fromRaw(raw);
    if (!tx.toRaw().equals(raw) || tx.inputs.length === 0) throw new Error('not canonical');
    return tx;
  } catch {
    throw new RpcFault('deserialization', 'TX decode failed. Make sure the tx has at least one input.');
  }
}

function maxFeeRate(params: readonly RpcValue[]): bigint {
  const value = params[1];
  if (value === undefined || value === null) return DEFAULT_MAX_FEE_RATE;
  const scaled = isRpcNumber(value) ? scaledByHundredMillion(value) : undefined;
  if (scaled === undefined) throw new RpcFault('type', 'Invalid amount');
  return scaled;
}

function exceeds(entry: BcoinMempoolEntry, limit: bigint): boolean {
  return limit > 0n && BigInt(entry.fee) * 1000n > limit * BigInt(entry.size);
}

async function send(node: EmbeddedChain, params: readonly RpcValue[]): Promise<string> {
  const tx = parseTx(node, parameterString(params, 0));
  const limit = maxFeeRate(params);
  const hash = tx.hash('hex');
  if (node.mempool.getEntry(hash) !== undefined) return reversedHex(hash);
  if (await node.chain.hasCoins(tx))
    throw new RpcFault('alreadyInUtxoSet', 'Transaction outputs already in utxo set');
  const verdict = await judge(node, tx);
  if (!verdict.allowed) {
    if (verdict.reason === 'missing-inputs')
      throw new RpcFault('verifyError', 'bad-txns-inputs-missingorspent');
    throw new RpcFault('verifyRejected', verdict.reason);
  }
  if (exceeds(verdict.entry, limit)) {
    throw new RpcFault('verifyError', 'Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)');
  }
  await admit(node, verdict);
  // bcoin answers with a txid whatever became of the transaction: only the memory pool knows.
  if (node.mempool.getEntry(hash) === undefined) throw new RpcFault('verifyRejected', 'mempool full');
  return reversedHex(hash);
}

async function accept(node: EmbeddedChain, tx: BcoinTx, limit: bigint): Promise<RpcParameter> {
  const names = { txid: reversedHex(tx.hash('hex')), wtxid: reversedHex(tx.witnessHash('hex')) };
  const refusal = (reason: string): RpcParameter => ({ ...names, allowed: false, 'reject-reason': reason });
  if (node.mempool.getEntry(tx.hash('hex')) !== undefined) return refusal('txn-already-in-mempool');
  if (await node.chain.hasCoins(tx)) return refusal('txn-already-known');
  const verdict: Verdict = await judge(node, tx);
  if (!verdict.allowed) return refusal(verdict.reason);
  if (exceeds(verdict.entry, limit)) return refusal('max-fee-exceeded');
  return {
    ...names,
    allowed: true,
    vsize: verdict.entry.size,
    fees: { base: bitcoinAmount(verdict.entry.fee) },
  };
}

async function acceptAll(node: EmbeddedChain, params: readonly RpcValue[]): Promise<RpcParameter> {
  const raws = params[0];
  if (!Array.isArray(raws) || raws.length !== 1) {
    throw new RpcFault('invalidParameter', 'The embedded node tests one transaction at a time');
  }
  return [await accept(node, parseTx(node, parameterString(raws, 0)), maxFeeRate(params))];
}

async function rawTransaction(node: EmbeddedChain, params: readonly RpcValue[]): Promise<RpcParameter> {
  const hash = parameterHash(params, 0);
  const waiting = node.mempool.getEntry(hash);
  const meta = waiting === undefined ? await node.chain.getMeta(hash) : null;
  const tx = waiting?.tx ?? meta?.tx;
  const wanted = params[2] === undefined || params[2] === null ? undefined : parameterHash(params, 2);
  if (tx === undefined || (wanted !== undefined && meta?.block !== wanted)) {
    throw new RpcFault(
      'notFound',
      'No such mempool or blockchain transaction. Use gettransaction for wallet transactions.',
    );
  }
  const hex = tx.toRaw().toString('hex');
  if (params[1] === undefined || params[1] === null || params[1] === false) return hex;
  const place =
    meta === null
      ? {}
      : { blockhash: reversedHex(meta.block), confirmations: node.chain.height - meta.height + 1 };
  return { txid: reversedHex(hash), hash: reversedHex(tx.witnessHash('hex')), hex, ...place };
}

async function txOut(node: EmbeddedChain, params: readonly RpcValue[]): Promise<RpcParameter> {
  const hash = parameterHash(params, 0);
  const index = parameterInteger(params, 1);
  const withMempool = parameterBoolean(params, 2, true);
  const describe = (
    value: number,
    script: Buffer,
    confirmations: number,
    coinbase: boolean,
  ): RpcParameter => ({
    bestblock: reversedHex(node.chain.tip.hash),
    confirmations,
    value: bitcoinAmount(value),
    scriptPubKey: { hex: script.toString('hex') },
    coinbase,
  });
  if (withMempool && node.mempool.getSpent(hash, index) !== undefined) return null;
  const output = withMempool ? node.mempool.getEntry(hash)?.tx.outputs[index] : undefined;
  if (output !== undefined) return describe(output.value, output.script.toRaw(), 0, false);
  const coin: BcoinCoin | null = await node.chain.getCoin(hash, index);
  if (coin === null) return null;
  return describe(coin.value, coin.script.toRaw(), node.chain.height - coin.height + 1, coin.coinbase);
}

function spendingPrevouts(node: EmbeddedChain, params: readonly RpcValue[]): RpcParameter {
  const outputs = params[0];
  if (!Array.isArray(outputs)) throw new RpcFault('type', 'Wrong type passed: position 1 is not an array');
  return outputs.map((output: RpcValue) => {
    const members = output as Record<string, RpcValue>;
    const hash = parameterHash([members['txid'] ?? null], 0);
    const vout = parameterInteger([members['vout'] ?? null], 0);
    const spender = node.mempool.getSpent(hash, vout);
    return {
      txid: reversedHex(hash),
      vout,
      ...(spender === undefined ? {} : { spendingtxid: reversedHex(spender.hash('hex')) }),
    };
  });
}

function mempoolEntry(node: EmbeddedChain, params: readonly RpcValue[]): RpcParameter {
  const entry = node.mempool.getEntry(parameterHash(params, 0));
  if (entry === undefined) throw new RpcFault('notFound', 'Transaction not in mempool');
  return {
    vsize: entry.size,
    time: entry.time,
    height: entry.height,
    wtxid: reversedHex(entry.tx.witnessHash('hex')),
    fees: { base: bitcoinAmount(entry.fee) },
    ancestorcount: node.mempool.getAncestors(entry).length + 1,
    descendantcount: node.mempool.getDescendants(entry).length + 1,
  };
}

/** Calls about transactions, as Bitcoin Core answers them. */
export function transactionMethods(node: EmbeddedChain): Record<string, RpcMethod> {
  const relay = bitcoinAmount(MIN_RELAY_SATS_PER_KVB);
  return {
    sendrawtransaction: (params) => send(node, params),
    testmempoolaccept: (params) => acceptAll(node, params),
    getrawtransaction: (params) => rawTransaction(node, params),
    gettxout: (params) => txOut(node, params),
    gettxspendingprevout: (params) => spendingPrevouts(node, params),
    getmempoolentry: (params) => mempoolEntry(node, params),
    getrawmempool: () => [...node.mempool.map.keys()].map((hash) => reversedHex(hash)),
    getmempoolinfo: () => ({
      loaded: true,
      size: node.mempool.map.size,
      mempoolminfee: relay,
      minrelaytxfee: relay,
      incrementalrelayfee: relay,
    }),
    // A regtest chain has no fee market to learn from; Bitcoin Core says so in the same words.
    estimatesmartfee: (params) => ({
      errors: ['Insufficient data or no feerate found'],
      blocks: parameterInteger(params, 0),
    }),
  };
}
