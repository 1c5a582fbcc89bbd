import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../../shared/index.ts';
import { ChainError } from '../errors.ts';
import type {
  BcoinAddress,
  BcoinBlock,
  BcoinChain,
  BcoinEntry,
  BcoinMempool,
  BcoinMiner,
  BcoinModules,
  BcoinTx,
} from './bcoin-types.ts';
import { loadBcoin, repairIterators } from './load-bcoin.ts';

/** A block that a reorganisation took off the main chain, remembered until the program ends. */
export interface DisconnectedBlock {
  readonly entry: BcoinEntry;
  readonly block: BcoinBlock;
}

/** The chain, memory pool and miner of bcoin, wired as its full node does but without peers and ports. */
export class EmbeddedChain {
  readonly bcoin: BcoinModules;
  readonly chain: BcoinChain;
  readonly mempool: BcoinMempool;
  readonly disconnected = new Map<string, DisconnectedBlock>();
  readonly #miner: BcoinMiner;

  private constructor(bcoin: BcoinModules, chain: BcoinChain, mempool: BcoinMempool, miner: BcoinMiner) {
    this.bcoin = bcoin;
    this.chain = chain;
    this.mempool = mempool;
    this.#miner = miner;
  }

  /** @throws ChainError `node_missing`, `data_directory_in_use`, `data_directory_unusable`. */
  static async open(dataDirectory: string): Promise<EmbeddedChain> {
    const bcoin = loadBcoin();
    const { network } = bcoin;
    try {
      mkdirSync(join(dataDirectory, 'blocks'), { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw new ChainError('data_directory_unusable', 'The data directory of the node cannot be written.', {
        details: { dataDirectory },
        cause,
      });
    }
    const chain = new bcoin.Chain({
      network,
      memory: false,
      prefix: dataDirectory,
      indexTX: true,
      indexAddress: true,
      checkpoints: false,
    });
    // Standardness is decided here (see acceptance): bcoin's own rules know no taproot outputs.
    const mempool = new bcoin.Mempool({
      network,
      chain,
      memory: true,
      requireStandard: false,
      relayPriority: false,
      limitFree: false,
      rejectAbsurdFees: false,
      replaceByFee: true,
      maxOrphans: 0,
    });
    const miner = new bcoin.Miner({ network, chain, mempool, preverify: false });
    const embedded = new EmbeddedChain(bcoin, chain, mempool, miner);
    await embedded.#start(dataDirectory);
    return embedded;
  }

  async #start(dataDirectory: string): Promise<void> {
    const { chain, mempool } = this;
    chain.on('connect', (entry: BcoinEntry, block: BcoinBlock) => mempool._addBlock(entry, block.txs));
    chain.on('disconnect', (entry: BcoinEntry, block: BcoinBlock) => mempool._removeBlock(entry, block.txs));
    chain.on('reorganize', () => mempool._handleReorg());
    chain.on('reset', () => mempool._reset());
    repairIterators(chain.db.db);
    try {
      await chain.open();
    } catch (cause) {
      const locked = /lock/i.test(describeError(cause));
      throw locked
        ? new ChainError('data_directory_in_use', 'Another node is running on this data directory.', {
            details: { dataDirectory },
            cause,
          })
        : new ChainError('data_directory_unusable', 'The data directory of the node cannot be opened.', {
            details: { dataDirectory },
            internal: describeError(cause),
            cause,
          });
    }
    await mempool.open();
    await this.#miner.open();
  }

  /** Mines one block on the tip with everything the memory pool holds. */
  async mine(address: BcoinAddress): Promise<BcoinBlock> {
    const block = await this.#miner.mineBlock(null, address);
    const entry = await this.chain.add(block);
    if (entry === null) throw new ChainError('node_failed', 'The embedded node refused its own block.');
    return block;
  }

  /**
   * Takes the block and all after it off the chain. As in Bitcoin Core their transactions, and those that waited
   * already, are offered to the memory pool again (bcoin drops them all).
   */
  async invalidate(entry: BcoinEntry): Promise<void> {
    const waiting = [...this.mempool.map.values()].map((item) => item.tx);
    const returning: BcoinTx[] = [];
    for (let height = entry.height; height <= this.chain.height; height++) {
      const taken = await this.chain.getEntry(height);
      const block = taken === null ? null : await this.chain.getBlock(taken.hash);
      if (taken === null || block === null)
        throw new ChainError('node_failed', 'The embedded node lost a block.');
      this.disconnected.set(taken.hash, { entry: taken, block });
      returning.push(...block.txs.filter((tx) => !tx.isCoinbase()));
    }
    await this.chain.invalidate(entry.hash);
    await this.mempool.reset();
    for (const tx of [...returning, ...waiting]) {
      // One that depended on a coinbase of the lost blocks, or is not final any more, has no place any more.
      await this.mempool.addTX(tx).catch(() => null);
    }
  }

  async close(): Promise<void> {
    await this.#miner.close();
    await this.mempool.close();
    await this.chain.close();
  }
}
