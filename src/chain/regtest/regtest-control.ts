import { randomBytes } from 'node:crypto';
import { satoshis, type Satoshis } from '../../shared/index.ts';
import { ChainError } from '../errors.ts';
import { refusalError, type RpcClient } from '../rpc/rpc-client.ts';
import {
  readAmount,
  readArray,
  readBoolean,
  readHash,
  readInteger,
  readObject,
  readBytes,
} from '../rpc/rpc-values.ts';
import { FAUCET_SCRIPT, faucetTransaction, type FaucetCoin } from './faucet-script.ts';

/** Coinbases can be spent in the hundredth block after theirs (COINBASE_MATURITY). */
const COINBASE_MATURITY = 100;
/**
 * A chain this long has coins to give, and witness scripts are in force on the embedded node, which learns them
 * by signalling (three windows of 144 blocks) where Bitcoin Core has them from the first block.
 */
export const READY_HEIGHT = 440;
/** Generous for any transaction of the faucet at the minimum relay rate, and nothing on regtest. */
const FAUCET_FEE = 10_000n;
const DUST = 1_000n;
const FUND_ATTEMPTS = 5;

/** Where coins go: a locking script, or an address, which the node then translates. */
export type Destination = Uint8Array | string;

export interface FundedOutput {
  readonly txid: string;
  readonly vout: number;
  readonly satoshis: Satoshis;
}

function descriptor(script: Uint8Array): string {
  return `raw(${Buffer.from(script).toString('hex')})`;
}

/**
 * Control of a regtest chain: mine, fund, reorganise. Works alike on the embedded node and on `bitcoind -regtest`,
 * from any process that can reach the node, and needs no wallet: the faucet's coins are found on the chain.
 */
export class RegtestControl {
  readonly #rpc: RpcClient;

  constructor(rpc: RpcClient) {
    this.#rpc = rpc;
  }

  /** Mines until there are coins to give and witness scripts are in force. */
  async prepare(): Promise<void> {
    const height = await this.height();
    if (height < READY_HEIGHT) await this.mine(READY_HEIGHT - height);
  }

  /** Mines `count` blocks, to the faucet unless told where. Returns their hashes, oldest first. */
  async mine(count: number, to: Destination = FAUCET_SCRIPT): Promise<readonly string[]> {
    const mined = await this.#rpc.call('generatetodescriptor', count, descriptor(await this.#script(to)));
    return readArray(mined, 'generatetodescriptor').map((hash) => readHash(hash, 'generatetodescriptor'));
  }

  /**
   * Pays `amount` to `to`; unconfirmed until somebody mines. @throws ChainError `node_call_refused` when the
   * faucet is empty or the node will not have it.
   */
  async fund(to: Destination, amount: Satoshis): Promise<FundedOutput> {
    const [funded] = await this.fundMany([{ to, amount }]);
    if (funded === undefined) throw new ChainError('node_call_refused', 'The faucet paid nothing.');
    return funded;
  }

  /** Pays several in one transaction, in this order from output 0 on. */
  async fundMany(
    payments: readonly { readonly to: Destination; readonly amount: Satoshis }[],
  ): Promise<readonly FundedOutput[]> {
    const outputs: { script: Uint8Array; satoshis: bigint }[] = [];
    for (const { to, amount } of payments) outputs.push({ script: await this.#script(to), satoshis: amount });
    const total = outputs.reduce((sum, output) => sum + output.satoshis, 0n);
    for (let attempt = 1; ; attempt++) {
      const coins = await this.#coinsFor(total + FAUCET_FEE);
      const change = coins.reduce((sum, coin) => sum + coin.satoshis, 0n) - total - FAUCET_FEE;
      const all = change >= DUST ? [...outputs, { script: FAUCET_SCRIPT, satoshis: change }] : outputs;
      const raw = Buffer.from(faucetTransaction(coins, all)).toString('hex');
      const outcome = await this.#rpc.attempt('sendrawtransaction', [raw, 0]);
      if ('result' in outcome) {
        const txid = readHash(outcome.result, 'sendrawtransaction');
        return outputs.map((output, vout) => ({ txid, vout, satoshis: satoshis(output.satoshis) }));
      }
      // Another process may have taken the same coins in between: look again.
      if (attempt >= FUND_ATTEMPTS) throw refusalError('sendrawtransaction', outcome.refusal);
    }
  }

  /**
   * Replaces the last `depth` blocks by `depth + 1` others. Transactions of the lost blocks return to the memory
   * pool and, as far as they are still valid, into the new blocks.
   */
  async reorg(depth: number, options: { readonly newBlocks?: number } = {}): Promise<readonly string[]> {
    await this.disconnect(depth);
    const count = options.newBlocks ?? depth + 1;
    if (count === 0) return [];
    // With the same script, time and transactions the node would rebuild the very block that it has just refused.
    const first = await this.mine(1, Uint8Array.of(0x00, 0x20, ...randomBytes(32)));
    return [...first, ...(await this.mine(count - 1))];
  }

  /** Hands over a block of another node, as a peer would. @throws ChainError `node_call_refused` when it is invalid. */
  async submit(block: Uint8Array): Promise<void> {
    const refusal = await this.#rpc.call('submitblock', Buffer.from(block).toString('hex'));
    if (refusal !== null && refusal !== 'inconclusive' && refusal !== 'duplicate') {
      throw new ChainError('node_call_refused', 'The node does not take this block.', {
        internal: typeof refusal === 'string' ? refusal.slice(0, 200) : 'no reason',
      });
    }
  }

  /** Takes the last `depth` blocks off the chain and leaves it that much shorter. */
  async disconnect(depth: number): Promise<void> {
    const height = await this.height();
    const first = await this.#rpc.call('getblockhash', height - depth + 1);
    await this.#rpc.call('invalidateblock', readHash(first, 'getblockhash'));
  }

  /** Of the tip. */
  async height(): Promise<number> {
    return readInteger(await this.#rpc.call('getblockcount'), 'getblockcount');
  }

  /** Of the main chain, both heights included. */
  async blockHashes(fromHeight: number, toHeight: number): Promise<readonly string[]> {
    const hashes: string[] = [];
    for (let height = fromHeight; height <= toHeight; height++) {
      hashes.push(readHash(await this.#rpc.call('getblockhash', height), 'getblockhash'));
    }
    return hashes;
  }

  async #script(destination: Destination): Promise<Uint8Array> {
    if (typeof destination !== 'string') return destination;
    const answer = readObject(await this.#rpc.call('validateaddress', destination), 'validateaddress');
    if (!readBoolean(answer['isvalid'], 'isvalid')) {
      throw new ChainError('node_call_refused', 'The node does not take this for a regtest address.', {
        details: { address: destination.slice(0, 100) },
      });
    }
    return readBytes(answer['scriptPubKey'], 'scriptPubKey');
  }

  /** Confirmed, mature faucet coins that nothing in the memory pool spends, largest first, worth `needed`. */
  async #coinsFor(needed: bigint): Promise<readonly FaucetCoin[]> {
    const scan = readObject(
      await this.#rpc.call('scantxoutset', 'start', [descriptor(FAUCET_SCRIPT)]),
      'scantxoutset',
    );
    const height = readInteger(scan['height'], 'scantxoutset.height');
    const coins = readArray(scan['unspents'], 'scantxoutset.unspents')
      .map((entry) => readObject(entry, 'scantxoutset.unspent'))
      .filter((entry) => {
        const age = height + 1 - readInteger(entry['height'], 'unspent.height');
        return age >= COINBASE_MATURITY || !readBoolean(entry['coinbase'], 'unspent.coinbase');
      })
      .map((entry) => ({
        txid: readHash(entry['txid'], 'unspent.txid'),
        vout: readInteger(entry['vout'], 'unspent.vout'),
        satoshis: readAmount(entry['amount'], 'unspent.amount'),
      }))
      .sort((a, b) => Number(b.satoshis - a.satoshis));
    const spenders = readArray(
      await this.#rpc.call(
        'gettxspendingprevout',
        coins.map(({ txid, vout }) => ({ txid, vout })),
      ),
      'gettxspendingprevout',
    );
    const free = coins.filter(
      (_, at) => !('spendingtxid' in readObject(spenders[at], 'gettxspendingprevout')),
    );
    const chosen: FaucetCoin[] = [];
    let sum = 0n;
    for (const coin of free) {
      if (sum >= needed) break;
      chosen.push(coin);
      sum += coin.satoshis;
    }
    if (sum < needed) {
      throw new ChainError('node_call_refused', 'The regtest faucet has not enough coins: mine some blocks.');
    }
    return chosen;
  }
}
