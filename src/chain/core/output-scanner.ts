import { satoshis, type Satoshis } from '../../shared/index.ts';
import type { Outpoint } from '../chain-node.ts';
import { ChainError } from '../errors.ts';
import { HttpTransport } from '../rpc/http-transport.ts';
import { CORE_CODES, RpcClient, refusalError } from '../rpc/rpc-client.ts';
import {
  readAmount,
  readArray,
  readBoolean,
  readBytes,
  readHash,
  readInteger,
  readObject,
} from '../rpc/rpc-values.ts';
import type { CoreNodeOptions } from './core-node.ts';

/** An unspent output that the node’s own set of them holds. */
export interface ScannedOutput {
  readonly outpoint: Outpoint;
  readonly script: Uint8Array;
  readonly satoshis: Satoshis;
  readonly height: number;
  readonly coinbase: boolean;
}

/** A full search of mainnet’s outputs takes minutes, on a slow disk tens of them. */
const SCAN_TIMEOUT_MS = 3_600_000;

/**
 * Asks a node to search all unspent outputs for scripts (`scantxoutset`): no wallet, no index and no old block is
 * needed. What it answers is the node’s word; values are proven later, by the transactions themselves.
 * @returns undefined when the node has no such call.
 * @throws ChainError `node_…`.
 */
export async function scanUnspentOutputs(
  options: CoreNodeOptions,
  scripts: readonly Uint8Array[],
): Promise<readonly ScannedOutput[] | undefined> {
  // Once only: a second search while one runs is refused by the node.
  const rpc = new RpcClient(new HttpTransport({ ...options, timeoutMs: SCAN_TIMEOUT_MS, attempts: 1 }));
  try {
    const wanted = scripts.map((script) => `raw(${Buffer.from(script).toString('hex')})`);
    const outcome = await rpc.attempt('scantxoutset', ['start', wanted]);
    if ('refusal' in outcome) {
      if (outcome.refusal.code === CORE_CODES.methodNotFound) return undefined;
      throw refusalError('scantxoutset', outcome.refusal);
    }
    const answer = readObject(outcome.result, 'scantxoutset');
    if (!readBoolean(answer['success'], 'scantxoutset.success')) {
      throw new ChainError('node_call_refused', 'The node did not finish its search of unspent outputs.');
    }
    return readArray(answer['unspents'], 'scantxoutset.unspents').map((entry) => {
      const found = readObject(entry, 'unspent');
      return {
        outpoint: {
          txid: readHash(found['txid'], 'unspent.txid'),
          vout: readInteger(found['vout'], 'unspent.vout'),
        },
        script: readBytes(found['scriptPubKey'], 'unspent.scriptPubKey'),
        satoshis: satoshis(readAmount(found['amount'], 'unspent.amount')),
        height: readInteger(found['height'], 'unspent.height'),
        coinbase: readBoolean(found['coinbase'], 'unspent.coinbase'),
      };
    });
  } finally {
    rpc.close();
  }
}
