import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaFollowerStore, rescan, WatchList, type ChainStep } from '../../../src/chain/index.ts';
import { openDatabase, type Database } from '../../../src/database/index.ts';
import { satoshis, systemClock } from '../../../src/shared/index.ts';
import { createTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../support/faucet-spends.ts';
import {
  isGapFree,
  numberedScript,
  recordingFollower,
  startTestNode,
  watching,
  type TestNode,
} from '../support/followed-chain.ts';

const AMOUNT = satoshis(123_456n);

let testDatabase: TestDatabase;
let database: Database;
let running: TestNode;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.app, { maxConnections: 4 });
  running = await startTestNode();
});
afterAll(async () => {
  await running.stop();
  await database.$disconnect();
  await testDatabase.drop();
});

function heights(steps: readonly ChainStep[]): string {
  return steps
    .map(
      (step) =>
        `${step.kind === 'connected' ? '+' : '-'}${(step.kind === 'connected' ? step.to : step.from).height}`,
    )
    .join(' ');
}

describe('a follower', () => {
  it('walks from the first block to the tip without a gap, then has nothing to do', async () => {
    const { follower, steps } = recordingFollower(database, { node: running.node, name: 'walk' });
    const report = await follower.poll();
    expect(report).toMatchObject({ atTip: true, stale: false, steps: report.nodeTip.height });
    expect(steps[0]?.to.height).toBe(1);
    expect(isGapFree(steps)).toBe(true);
    expect(steps.at(-1)?.to).toEqual(await running.node.tip());
    expect((await follower.poll()).steps).toBe(0);
  });

  it('goes on in a new process from where the last one stopped, wherever that was', async () => {
    const first = recordingFollower(database, { node: running.node, name: 'resume' });
    await first.follower.poll(37);
    const second = recordingFollower(database, { node: running.node, name: 'resume' });
    await second.follower.poll();
    expect(second.steps[0]?.from).toEqual(first.steps.at(-1)?.to);
    expect(isGapFree([...first.steps, ...second.steps])).toBe(true);
    expect(first.steps).toHaveLength(37);
  });

  it('reports payments to watched scripts and the spending of them, in the order of the block', async () => {
    const mine = OP_TRUE_SCRIPT;
    const other = numberedScript(1);
    const { follower, steps } = recordingFollower(database, {
      node: running.node,
      name: 'match',
      watch: watching(other),
    });
    await follower.poll();
    steps.length = 0;
    const paid = await running.control.fund(other, AMOUNT);
    await running.control.mine(1, numberedScript(2));
    await follower.poll();
    const [step] = steps;
    expect(step?.kind === 'connected' && step.matches).toEqual([
      {
        kind: 'output',
        outpoint: { txid: paid.txid, vout: 0 },
        script: Uint8Array.from(other),
        satoshis: AMOUNT,
        coinbase: false,
      },
    ]);

    const spendable = recordingFollower(database, {
      node: running.node,
      name: 'spend',
      watch: watching(mine),
      startAt: await running.node.tip(),
    });
    const coin = await running.control.fund(mine, AMOUNT);
    // Paid and spent in one block.
    const spend = buildSpend({ coins: [coin], outputs: [{ script: other, satoshis: 100_000n }] });
    const { txid } = await running.node.broadcast(spend);
    await spendable.follower.poll();
    await running.control.mine(1, numberedScript(2));
    await spendable.follower.poll();
    const [block] = spendable.steps;
    const seen = block?.kind === 'connected' ? block.matches : [];
    expect(seen).toContainEqual(
      expect.objectContaining({ kind: 'output', outpoint: { txid: coin.txid, vout: 0 } }),
    );
    expect(seen).toContainEqual({
      kind: 'spend',
      outpoint: { txid: coin.txid, vout: 0 },
      byTxid: txid,
      inputIndex: 0,
    });
  });

  it('keeps a script that only looks like a watched one to itself', async () => {
    const watch = new WatchList((scripts) => Promise.resolve(scripts.map(() => false)));
    watch.addScript(numberedScript(3));
    const { follower, steps } = recordingFollower(database, {
      node: running.node,
      name: 'stranger',
      watch,
      startAt: await running.node.tip(),
    });
    await follower.poll();
    await running.control.fund(numberedScript(3), AMOUNT);
    await running.control.mine(1);
    await follower.poll();
    expect(steps).toHaveLength(1);
    expect(steps[0]?.kind === 'connected' && steps[0].matches).toEqual([]);
  });

  it('takes a step only together with what its handler did about it', async () => {
    const options = { node: running.node, name: 'atomic' };
    const failing = recordingFollower(database, {
      ...options,
      stepsPerCommit: 5,
      handle: (step) => (step.to.height === 8 ? Promise.reject(new Error('disk full')) : Promise.resolve()),
    });
    await expect(failing.follower.poll()).rejects.toThrow('disk full');
    const store = new PrismaFollowerStore(database);
    expect((await store.load('atomic'))?.position.height).toBe(5);
    const { follower, steps } = recordingFollower(database, options);
    await follower.poll(3);
    expect(heights(steps)).toBe('+6 +7 +8');
  });

  it('lets only one of two processes under the same name take a step', async () => {
    const startAt = await running.node.tip();
    const one = recordingFollower(database, { node: running.node, name: 'twins', startAt });
    const two = recordingFollower(database, { node: running.node, name: 'twins', startAt });
    await one.follower.poll();
    await two.follower.poll();
    await running.control.mine(3);
    const results = await Promise.allSettled([one.follower.poll(), two.follower.poll()]);
    expect(one.steps.length + two.steps.length).toBe(3);
    const refused = results.filter((result) => result.status === 'rejected');
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'follower_position_moved' });
    await Promise.all([one.follower.poll(), two.follower.poll()]);
    expect(one.steps.length + two.steps.length).toBe(3);
  });

  for (const depth of [1, 2, 6, 100]) {
    it(`undoes ${depth} blocks newest first, then takes the new branch`, async () => {
      await running.control.mine(depth);
      const height = (await running.node.tip()).height - depth - 1;
      const startAt = { height, hash: await running.node.blockHash(height) };
      const name = `reorg-${depth}`;
      const { follower, steps } = recordingFollower(database, { node: running.node, name, startAt });
      await follower.poll();
      const before = await running.node.tip();
      steps.length = 0;
      await running.control.reorg(depth);
      // A new process finds out from what is stored.
      const next = recordingFollower(database, { node: running.node, name });
      await next.follower.poll();
      expect(next.steps[0]).toMatchObject({ kind: 'disconnected', from: before });
      expect(next.steps.filter((step) => step.kind === 'disconnected')).toHaveLength(depth);
      expect(next.steps.filter((step) => step.kind === 'connected')).toHaveLength(depth + 1);
      expect(isGapFree(next.steps)).toBe(true);
      expect(next.follower.position).toEqual(await running.node.tip());
    });
  }

  it('reports a transaction again in the block that takes it in after a reorganisation', async () => {
    const script = numberedScript(4);
    const { follower, steps } = recordingFollower(database, {
      node: running.node,
      name: 'again',
      watch: watching(script),
      startAt: await running.node.tip(),
    });
    await follower.poll();
    const paid = await running.control.fund(script, AMOUNT);
    await running.control.mine(1);
    await follower.poll();
    await running.control.reorg(1);
    await follower.poll();
    const told = steps.map((step) => (step.kind === 'connected' ? step.matches : 'undone'));
    const output = expect.objectContaining({
      kind: 'output',
      outpoint: { txid: paid.txid, vout: 0 },
    }) as unknown;
    expect(told).toEqual([[output], 'undone', [output], []]);
  });

  it('looks again for a script that was added late, without moving', async () => {
    const script = numberedScript(5);
    const fromHeight = (await running.node.tip()).height + 1;
    const paid = await running.control.fund(script, AMOUNT);
    await running.control.mine(3);
    const { follower } = recordingFollower(database, {
      node: running.node,
      name: 'late',
      startAt: await running.node.tip(),
    });
    const { position } = await follower.poll();
    const seen: ChainStep[] = [];
    await rescan({
      node: running.node,
      network: 'regtest',
      clock: systemClock,
      watch: watching(script),
      fromHeight,
      to: position,
      handle: (step) => {
        seen.push(step);
        return Promise.resolve();
      },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      to: { height: fromHeight },
      matches: [{ outpoint: { txid: paid.txid, vout: 0 } }],
    });
    expect(follower.position).toEqual(position);
  });
});
