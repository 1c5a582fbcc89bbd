import { parseTransaction, transactionId } from '../../bitcoin/index.ts';
import { MAX_FEE_RATE } from '../../shared/index.ts';
import type {
  Acceptance,
  Broadcast,
  FeeEstimate,
  FoundTransaction,
  MempoolEntry,
  Outpoint,
  RefusalReason,
  UnspentOutput,
} from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { CORE_CODES, refusalError, type RpcClient } from '../rpc/rpc-client.ts';
import { rpcNumber, type RpcObject } from '../rpc/rpc-json.ts';
import {
  readAmount,
  readArray,
  readBoolean,
  readBytes,
  readHash,
  readInteger,
  readObject,
  readString,
} from '../rpc/rpc-values.ts';
import type { CoreBlocks } from './core-blocks.ts';
import { boundedEstimate, type FeePolicy } from './fee-policy.ts';
import { broadcastRefusal, refusalReason } from './refusal-reasons.ts';

/** What the node itself may let through: nothing legitimate pays more (see `MAX_FEE_RATE`). In BTC/kvB. */
const MAX_FEE_RATE_BTC = rpcNumber(`0.${MAX_FEE_RATE.toString().padStart(8, '0')}`);
const MAX_ESTIMATE_TARGET = 1008;

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function transactionRefused(reason: RefusalReason, nodeReason: string): ChainError {
  return new ChainError('transaction_refused', 'The node does not accept this transaction.', {
    details: { reason },
    internal: nodeReason.slice(0, 500),
  });
}

/** The id computed here; one that cannot be read is refused without asking a node. */
function ownId(transaction: Uint8Array): string {
  try {
    return transactionId(parseTransaction(transaction));
  } catch (cause) {
    throw new ChainError('transaction_refused', 'These bytes are not a transaction.', {
      details: { reason: 'malformed' },
      cause,
    });
  }
}

/** The id computed here of what the node calls a transaction. */
function toldId(bytes: Uint8Array): string {
  try {
    return transactionId(parseTransaction(bytes));
  } catch (cause) {
    throw new ChainError('node_answer_malformed', 'What the node calls a transaction is none.', { cause });
  }
}

/** The part of the Bitcoin Core adapter that asks about transactions and outputs. */
export class CoreTransactions {
  readonly #rpc: RpcClient;
  readonly #blocks: CoreBlocks;
  readonly #feePolicy: FeePolicy;

  constructor(rpc: RpcClient, blocks: CoreBlocks, feePolicy: FeePolicy) {
    this.#rpc = rpc;
    this.#blocks = blocks;
    this.#feePolicy = feePolicy;
  }

  async unspentOutput(outpoint: Outpoint, ignoreMempool: boolean): Promise<UnspentOutput | undefined> {
    const result = await this.#rpc.call('gettxout', outpoint.txid, outpoint.vout, !ignoreMempool);
    if (result === null) return undefined;
    const output = readObject(result, 'gettxout');
    return {
      satoshis: readAmount(output['value'], 'value'),
      script: readBytes(readObject(output['scriptPubKey'], 'scriptPubKey')['hex'], 'hex'),
      confirmations: readInteger(output['confirmations'], 'confirmations'),
      coinbase: readBoolean(output['coinbase'], 'coinbase'),
    };
  }

  /** The spender that the node names, with its block when it keeps an index of spenders (Bitcoin Core ≥ 31). */
  async namedSpender(
    outpoint: Outpoint,
  ): Promise<{ byTxid: string; blockHash: string | undefined } | undefined> {
    const { txid, vout } = outpoint;
    const result = readArray(
      await this.#rpc.call('gettxspendingprevout', [{ txid, vout }]),
      'gettxspendingprevout',
    );
    const entry = readObject(result[0], 'gettxspendingprevout');
    if (entry['spendingtxid'] === undefined) return undefined;
    const blockHash = entry['blockhash'];
    return {
      byTxid: readHash(entry['spendingtxid'], 'spendingtxid'),
      blockHash: blockHash === undefined ? undefined : readHash(blockHash, 'blockhash'),
    };
  }

  async testAcceptance(transaction: Uint8Array): Promise<Acceptance> {
    let txid: string;
    try {
      txid = ownId(transaction);
    } catch {
      return { accepted: false, reason: 'malformed', nodeReason: '' };
    }
    const outcome = await this.#rpc.attempt('testmempoolaccept', [[hexOf(transaction)], MAX_FEE_RATE_BTC]);
    if ('refusal' in outcome) {
      if (outcome.refusal.code !== CORE_CODES.deserialization)
        throw refusalError('testmempoolaccept', outcome.refusal);
      return { accepted: false, reason: 'malformed', nodeReason: outcome.refusal.message };
    }
    const verdict = readObject(readArray(outcome.result, 'testmempoolaccept')[0], 'testmempoolaccept');
    this.#sameId(readHash(verdict['txid'], 'txid'), txid);
    if (readBoolean(verdict['allowed'], 'allowed')) {
      const fees = readObject(verdict['fees'], 'fees');
      const virtualBytes = readInteger(verdict['vsize'], 'vsize');
      return { accepted: true, txid, virtualBytes, fee: readAmount(fees['base'], 'base') };
    }
    const nodeReason = readString(verdict['reject-reason'], 'reject-reason').slice(0, 500);
    return { accepted: false, reason: refusalReason(nodeReason), nodeReason };
  }

  async broadcast(transaction: Uint8Array): Promise<Broadcast> {
    const txid = ownId(transaction);
    const known = await this.mempoolEntry(txid);
    if (known !== undefined) return { txid, outcome: 'already_in_mempool' };
    const outcome = await this.#rpc.attempt('sendrawtransaction', [hexOf(transaction), MAX_FEE_RATE_BTC]);
    if ('refusal' in outcome) {
      const reason = broadcastRefusal(outcome.refusal);
      if (reason === undefined) throw refusalError('sendrawtransaction', outcome.refusal);
      if (reason === 'already_confirmed') return { txid, outcome: 'already_confirmed' };
      // A confirmed transaction whose outputs are spent looks to the node like one whose inputs never were.
      if (reason === 'inputs_missing_or_spent' && (await this.#isConfirmed(txid))) {
        return { txid, outcome: 'already_confirmed' };
      }
      throw transactionRefused(reason, outcome.refusal.message);
    }
    this.#sameId(readHash(outcome.result, 'sendrawtransaction'), txid);
    // What the node says is not what it does: only its memory pool shows that the transaction is there.
    if ((await this.mempoolEntry(txid)) === undefined && !(await this.#isConfirmed(txid))) {
      throw transactionRefused('other', 'said to be accepted, but not in the memory pool');
    }
    return { txid, outcome: 'accepted' };
  }

  async mempoolEntry(txid: string): Promise<MempoolEntry | undefined> {
    const outcome = await this.#rpc.attempt('getmempoolentry', [txid]);
    if ('refusal' in outcome) {
      if (outcome.refusal.code === CORE_CODES.invalidAddressOrKey) return undefined;
      throw refusalError('getmempoolentry', outcome.refusal);
    }
    const entry = readObject(outcome.result, 'getmempoolentry');
    const fees = readObject(entry['fees'], 'fees');
    return { fee: readAmount(fees['base'], 'base'), virtualBytes: readInteger(entry['vsize'], 'vsize') };
  }

  async feeEstimate(targetBlocks: number): Promise<FeeEstimate> {
    const target = Math.min(Math.max(Math.trunc(targetBlocks), 1), MAX_ESTIMATE_TARGET);
    const [estimate, mempool] = await this.#rpc.many([
      { method: 'estimatesmartfee', params: [target, 'conservative'] },
      { method: 'getmempoolinfo', params: [] },
    ]);
    const members = (outcome: typeof estimate): RpcObject =>
      outcome === undefined || 'refusal' in outcome ? {} : readObject(outcome.result, 'estimate');
    return boundedEstimate(members(estimate)['feerate'], members(mempool)['mempoolminfee'], this.#feePolicy);
  }

  async transaction(txid: string, blockHash: string | undefined): Promise<FoundTransaction> {
    const where = blockHash ?? undefined;
    const outcome = await this.#rpc.attempt(
      'getrawtransaction',
      where === undefined ? [txid, true] : [txid, true, where],
    );
    if ('refusal' in outcome) {
      if (outcome.refusal.code !== CORE_CODES.invalidAddressOrKey) {
        throw refusalError('getrawtransaction', outcome.refusal);
      }
      const found = where === undefined ? await this.#blockByUnspentOutput(txid) : undefined;
      if (found !== undefined) return this.transaction(txid, found);
      throw new ChainError('transaction_not_found', 'The node does not know this transaction.', {
        details: { txid },
      });
    }
    const answer = readObject(outcome.result, 'getrawtransaction');
    const bytes = readBytes(answer['hex'], 'hex');
    this.#sameId(toldId(bytes), txid);
    const hash = answer['blockhash'];
    if (hash === undefined) return { txid, bytes, block: undefined };
    const placed = await this.#blocks.header(readHash(hash, 'blockhash'));
    const block = placed.onMainChain ? { height: placed.height, hash: placed.header.hash } : undefined;
    return { txid, bytes, block };
  }

  /** Without a transaction index the node can still find the block of an output that it holds unspent. */
  async #blockByUnspentOutput(txid: string): Promise<string | undefined> {
    const outcome = await this.#rpc.attempt('gettxoutproof', [[txid]]);
    if ('refusal' in outcome) return undefined;
    return this.#blocks.hashOfProof(readBytes(outcome.result, 'gettxoutproof'));
  }

  async #isConfirmed(txid: string): Promise<boolean> {
    try {
      return (await this.transaction(txid, undefined)).block !== undefined;
    } catch (thrown) {
      if (thrown instanceof ChainError && thrown.code === 'transaction_not_found') return false;
      throw thrown;
    }
  }

  #sameId(told: string, computed: string): void {
    if (told !== computed) {
      throw new ChainError('node_answer_malformed', 'The node answered about another transaction.', {
        details: { told, computed },
      });
    }
  }
}
