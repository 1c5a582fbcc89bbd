import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTransaction, transactionId } from '../../../src/bitcoin/index.ts';
import type { ChainNode, Outpoint } from '../../../src/chain/index.ts';

/** What a node under test has to offer, so that one story fits a recorded, an embedded and a real node. */
export interface ContractSubject {
  readonly node: ChainNode;
  readonly knownBlock: { readonly height: number; readonly hash: string };
  /** Unspent and confirmed at first; `accepted` and `replacement` spend it. */
  readonly coin: Outpoint & { readonly satoshis: bigint };
  readonly transactions: {
    readonly scriptInvalid: Uint8Array;
    readonly inputMissing: Uint8Array;
    readonly feeTooLow: Uint8Array;
    readonly feeTooHigh: Uint8Array;
    readonly accepted: Uint8Array;
    readonly replacement: Uint8Array;
    /** Spends the coin once more, after the replacement was confirmed. */
    readonly conflict: Uint8Array;
  };
  /** The story goes on to a named point; a living node does what is needed to get there. */
  reach(stage: 'start' | 'accepted' | 'replaced' | 'confirmed' | 'disconnected'): Promise<void>;
  close(): Promise<void>;
}

const NOBODY = '3333333333333333333333333333333333333333333333333333333333333333';

function idOf(transaction: Uint8Array): string {
  return transactionId(parseTransaction(transaction));
}

/** The same questions and the same expectations for every node behind the port. */
export function nodeContract(name: string, open: () => Promise<ContractSubject>): void {
  describe(`the node port on ${name}`, () => {
    let subject: ContractSubject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());

    it('says which chain it follows', async () => {
      const status = await subject.node.status();
      expect(status.chain.network).toBe('regtest');
      expect(status.transactionIndex).toBe(true);
      expect(status.prunedBelow).toBeUndefined();
      expect(status.initialSync).toBe(false);
      expect(status.headerHeight).toBeGreaterThanOrEqual(status.tip.height);
    });

    it('knows a block by its hash: header, height, and bytes that hash to it', async () => {
      const { knownBlock, node } = subject;
      const placed = await node.header(knownBlock.hash);
      expect(placed).toMatchObject({ height: knownBlock.height, onMainChain: true });
      expect(placed.header.hash).toBe(knownBlock.hash);
      expect(Buffer.from((await node.block(knownBlock.hash)).subarray(0, 80))).toEqual(
        Buffer.from(placed.header.bytes),
      );
    });

    it('has closed codes for what is not there', async () => {
      const { node } = subject;
      await expect(node.blockHash(9_999_999)).rejects.toMatchObject({ code: 'height_out_of_range' });
      await expect(node.header(NOBODY)).rejects.toMatchObject({ code: 'block_not_found' });
      await expect(node.block(NOBODY)).rejects.toMatchObject({ code: 'block_not_found' });
      await expect(node.transaction(NOBODY)).rejects.toMatchObject({ code: 'transaction_not_found' });
      expect(await node.mempoolEntry(NOBODY)).toBeUndefined();
      expect(await node.unspentOutput({ txid: NOBODY, vout: 0 })).toBeUndefined();
    });

    it('falls back to the named fee rate without an estimate', async () => {
      await subject.reach('start');
      expect(await subject.node.feeEstimate(6)).toEqual({
        feeRate: 20_000n,
        source: 'fallback',
        clampedTo: undefined,
      });
    });

    it('gives an unspent output with its exact amount', async () => {
      const output = await subject.node.unspentOutput(subject.coin);
      expect(output?.satoshis).toBe(subject.coin.satoshis);
      expect(output?.confirmations).toBeGreaterThan(0);
    });

    it('says why it would refuse a transaction', async () => {
      const { node, transactions } = subject;
      expect(await node.testAcceptance(transactions.scriptInvalid)).toMatchObject({
        accepted: false,
        reason: 'script_invalid',
      });
      expect(await node.testAcceptance(Uint8Array.of(1, 2, 3))).toMatchObject({
        accepted: false,
        reason: 'malformed',
      });
    });

    it('refuses a broadcast with the reason', async () => {
      const { node, transactions } = subject;
      const refused = (reason: string) => ({ code: 'transaction_refused', details: { reason } });
      await expect(node.broadcast(transactions.scriptInvalid)).rejects.toMatchObject(
        refused('script_invalid'),
      );
      await expect(node.broadcast(transactions.inputMissing)).rejects.toMatchObject(
        refused('inputs_missing_or_spent'),
      );
      await expect(node.broadcast(transactions.feeTooLow)).rejects.toMatchObject(refused('fee_too_low'));
      await expect(node.broadcast(transactions.feeTooHigh)).rejects.toMatchObject(refused('fee_too_high'));
      await expect(node.broadcast(Uint8Array.of(0))).rejects.toMatchObject(refused('malformed'));
    });

    it('accepts a transaction, and the same again', async () => {
      const { node, transactions, coin } = subject;
      const txid = idOf(transactions.accepted);
      expect(await node.testAcceptance(transactions.accepted)).toMatchObject({ accepted: true, txid });
      expect(await node.broadcast(transactions.accepted)).toEqual({ txid, outcome: 'accepted' });
      await subject.reach('accepted');
      expect(await node.broadcast(transactions.accepted)).toEqual({ txid, outcome: 'already_in_mempool' });
      const found = await node.transaction(txid);
      expect(found.block).toBeUndefined();
      expect(Buffer.from(found.bytes)).toEqual(Buffer.from(transactions.accepted));
      expect(await node.outputState(coin)).toEqual({ state: 'spent', byTxid: txid, block: undefined });
      expect((await node.unspentOutput(coin, { ignoreMempool: true }))?.satoshis).toBe(coin.satoshis);
    });

    it('lets a replacement take its place', async () => {
      const { node, transactions } = subject;
      expect(await node.broadcast(transactions.replacement)).toMatchObject({ outcome: 'accepted' });
      await subject.reach('replaced');
      expect(await node.mempoolEntry(idOf(transactions.accepted))).toBeUndefined();
    });

    it('tells a confirmed transaction from a conflict', async () => {
      const { node, transactions } = subject;
      await subject.reach('confirmed');
      expect(await node.broadcast(transactions.replacement)).toMatchObject({ outcome: 'already_confirmed' });
      await expect(node.broadcast(transactions.conflict)).rejects.toMatchObject({
        details: { reason: 'inputs_missing_or_spent' },
      });
    });

    it('has a transaction back in the memory pool when its block is disconnected', async () => {
      const { node, transactions } = subject;
      await subject.reach('disconnected');
      expect((await node.mempoolEntry(idOf(transactions.replacement)))?.virtualBytes).toBeGreaterThan(50);
    });
  });
}
