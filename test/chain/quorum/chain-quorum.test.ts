import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { branchLeadsTo } from '../../../src/bitcoin/index.ts';
import { ChainQuorum, connectNode } from '../../../src/chain/index.ts';
import { hash256 } from '../../../src/chain/native-hash.ts';
import { ManualClock, satoshis, systemClock } from '../../../src/shared/index.ts';
import { numberedScript, startTestNode, type TestNode } from '../support/followed-chain.ts';
import { startLyingNode, type Lie } from '../support/lying-proxy.ts';

const AMOUNT = satoshis(50_000n);
let nodes: [TestNode, TestNode, TestNode];

/** Hands the blocks of one node above their common chain to another, as peers do. */
async function pass(from: TestNode, to: TestNode, sinceHeight: number): Promise<void> {
  const { height } = await from.node.tip();
  for (let at = sinceHeight; at <= height; at++)
    await to.control.submit(await from.node.block(await from.node.blockHash(at)));
}

function quorumOf(...sources: readonly TestNode['node'][]): ChainQuorum {
  return new ChainQuorum({
    sources: sources.map((node, at) => ({ name: `node ${at}`, node })),
    network: 'regtest',
    clock: systemClock,
  });
}

async function withLiar(lie: Lie, work: (quorum: ChainQuorum) => Promise<void>): Promise<void> {
  const liar = await startLyingNode(nodes[2], lie);
  try {
    await work(quorumOf(nodes[0].node, nodes[1].node, liar.node));
  } finally {
    await liar.close();
  }
}

beforeAll(async () => {
  nodes = [await startTestNode(), await startTestNode(), await startTestNode()];
  // Each has mined a chain of its own; one more block makes the first one's win everywhere.
  await nodes[0].control.mine(1);
  await pass(nodes[0], nodes[1], 1);
  await pass(nodes[0], nodes[2], 1);
});
afterAll(async () => {
  for (const node of nodes) await node.stop();
});

describe('a quorum of nodes', () => {
  it('states what all say', async () => {
    const quorum = quorumOf(...nodes.map(({ node }) => node));
    expect(await quorum.tip()).toEqual(await nodes[0].node.tip());
    const paid = await nodes[0].control.fund(numberedScript(1), AMOUNT);
    await nodes[0].control.mine(1);
    const { height } = await nodes[0].node.tip();
    await pass(nodes[0], nodes[1], height);
    // The third lags behind: two of three suffice.
    expect((await quorum.tip()).height).toBe(height);
    const proof = await quorum.inclusionProof(paid.txid);
    expect(branchLeadsTo(paid.txid, proof.branch, proof.header.merkleRoot, hash256)).toBe(true);
    expect(await quorum.unspentOutput(paid)).toMatchObject({ satoshis: AMOUNT, confirmations: 1 });
    await pass(nodes[0], nodes[2], height);
  });

  it('is not moved by one that lies about height, amount, or the past', async () => {
    const paid = await nodes[0].control.fund(numberedScript(2), AMOUNT);
    await nodes[0].control.mine(1);
    const tip = await nodes[0].node.tip();
    await pass(nodes[0], nodes[1], tip.height);
    await pass(nodes[0], nodes[2], tip.height);
    const lie: Lie = (method, _params, result) => {
      if (method === 'getblockchaininfo') return { ...(result as object), blocks: 1_000_000 };
      if (method === 'gettxout') return { ...(result as object), value: 21_000_000 };
      if (method === 'getblockhash' && _params[0] !== 0) return 'ab'.repeat(32);
      return result;
    };
    await withLiar(lie, async (quorum) => {
      expect(await quorum.tip()).toEqual(tip);
      expect((await quorum.unspentOutput(paid))?.satoshis).toBe(AMOUNT);
      expect(await quorum.blockHash(5)).toBe(await nodes[0].node.blockHash(5));
    });
  });

  it('is not moved by one that denies a payment, or invents a missing one', async () => {
    const paid = await nodes[0].control.fund(numberedScript(3), AMOUNT);
    await nodes[0].control.mine(1);
    const { height } = await nodes[0].node.tip();
    await pass(nodes[0], nodes[1], height);
    await pass(nodes[0], nodes[2], height);
    await withLiar(
      (method, _params, result) => (method === 'gettxout' ? null : result),
      async (quorum) => {
        expect((await quorum.unspentOutput(paid))?.satoshis).toBe(AMOUNT);
      },
    );
    const invented = {
      bestblock: '00'.repeat(32),
      confirmations: 6,
      value: 1,
      scriptPubKey: { hex: '51' },
      coinbase: false,
    };
    await withLiar(
      (method, _params, result) => (method === 'gettxout' ? invented : result),
      async (quorum) => {
        expect(await quorum.unspentOutput({ txid: 'cd'.repeat(32), vout: 0 })).toBeUndefined();
      },
    );
  });

  it('states nothing when the rest disagree', async () => {
    const { height } = await nodes[0].node.tip();
    // Each to another miner: of the same second they would be the same blocks.
    for (const [at, { control }] of nodes.entries()) await control.mine(4, numberedScript(100 + at));
    const quorum = quorumOf(...nodes.map(({ node }) => node));
    await expect(quorum.tip()).rejects.toMatchObject({
      code: 'chain_disagreement',
      details: { kind: 'facts_differ' },
    });
    await expect(quorum.blockHash(height + 1)).rejects.toMatchObject({ code: 'chain_disagreement' });
    expect(await quorum.blockHash(height)).toBe(await nodes[0].node.blockHash(height));
    await nodes[0].control.mine(1);
    await pass(nodes[0], nodes[1], height + 1);
    await pass(nodes[0], nodes[2], height + 1);
    expect(await quorum.tip()).toEqual(await nodes[0].node.tip());
  });

  it('states nothing when too few answer, or one is on another network', async () => {
    const dead = connectNode({
      url: 'http://127.0.0.1:9',
      credentials: { user: 'a', password: 'b' },
      attempts: 1,
    });
    const quorum = quorumOf(nodes[0].node, dead, dead);
    await expect(quorum.tip()).rejects.toMatchObject({ details: { kind: 'too_few_answers' } });
    const foreign: Lie = (method, _params, result) =>
      method === 'getblockchaininfo' ? { ...(result as object), chain: 'main' } : result;
    const liar = await startLyingNode(nodes[2], foreign);
    await expect(quorumOf(nodes[0].node, liar.node, dead).blockHash(1)).rejects.toMatchObject({
      details: { kind: 'too_few_answers' },
    });
    await liar.close();
    dead.close();
  });

  it('takes a tip that stands still for disagreement', async () => {
    const clock = new ManualClock(Date.now() + 3 * 60 * 60 * 1000);
    const quorum = new ChainQuorum({
      sources: nodes.map(({ node }, at) => ({ name: `node ${at}`, node })),
      network: 'regtest',
      clock,
    });
    await expect(quorum.tip()).rejects.toMatchObject({
      code: 'chain_disagreement',
      details: { kind: 'stale_tip' },
    });
  });

  it('cannot be set up so that a minority decides', () => {
    expect(
      () =>
        new ChainQuorum({
          sources: nodes.map(({ node }) => ({ name: 'n', node })),
          threshold: 1,
          network: 'regtest',
          clock: systemClock,
        }),
    ).toThrow();
  });
});
