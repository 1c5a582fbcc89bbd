import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainNode } from '../../../src/chain/index.ts';
import { openDatabase, type Database } from '../../../src/database/index.ts';
import { ManualClock, satoshis } from '../../../src/shared/index.ts';
import { createTestDatabase, type TestDatabase } from '../../postgres/test-database.ts';
import {
  numberedScript,
  recordingFollower,
  startTestNode,
  type TestNode,
} from '../support/followed-chain.ts';
import { startLyingNode, type Lie } from '../support/lying-proxy.ts';

let testDatabase: TestDatabase;
let database: Database;
let running: TestNode;
let names = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = openDatabase(testDatabase.app, { maxConnections: 2 });
  running = await startTestNode();
});
afterAll(async () => {
  await running.stop();
  await database.$disconnect();
  await testDatabase.drop();
});

/** A follower that stands a few blocks below the tip. */
async function nearTheTip(
  node: ChainNode,
  depth: number,
  options: Partial<Parameters<typeof recordingFollower>[1]> = {},
) {
  const height = (await running.node.tip()).height - depth;
  const startAt = { height, hash: await running.node.blockHash(height) };
  return recordingFollower(database, { name: `near-${names++}`, node, startAt, ...options });
}

async function pollThroughLies(lie: Lie): Promise<unknown> {
  const liar = await startLyingNode(running, lie);
  try {
    const { follower, steps } = await nearTheTip(liar.node, 1);
    const outcome = await follower.poll().catch((thrown: unknown) => thrown);
    expect(steps).toEqual([]);
    return outcome;
  } finally {
    await liar.close();
  }
}

function hash256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest();
}

describe('a follower refuses', () => {
  it('a node on another network', async () => {
    const otherName: Lie = (method, _params, result) =>
      method === 'getblockchaininfo' ? { ...(result as object), chain: 'signet' } : result;
    expect(await pollThroughLies(otherName)).toMatchObject({ code: 'wrong_network' });
    const otherGenesis: Lie = (method, params, result) =>
      method === 'getblockhash' && params[0] === 0 ? 'ab'.repeat(32) : result;
    expect(await pollThroughLies(otherGenesis)).toMatchObject({ code: 'wrong_network' });
  });

  it('a header without work, though everything said about it agrees', async () => {
    const tip = await running.node.tip();
    const { header } = await running.node.header(tip.hash);
    const forged = Buffer.from(header.bytes);
    // The easiest target takes every second hash: try until one does not do.
    do forged.writeUInt32LE((forged.readUInt32LE(76) + 1) >>> 0, 76);
    while ((hash256(forged)[31] ?? 0) < 0x80);
    const forgedHash = hash256(forged).reverse().toString('hex');
    const lie: Lie = (method, params, result) => {
      if (method === 'getblockhash' && params[0] === tip.height) return forgedHash;
      if (method === 'getblockchaininfo') return { ...(result as object), bestblockhash: forgedHash };
      return result;
    };
    const liar = await startLyingNode(running, lie);
    // The honest node behind does not know the forged header: it is put in here.
    const lying: ChainNode = Object.assign(Object.create(liar.node) as ChainNode, {
      status: () => liar.node.status(),
      tip: () => liar.node.tip(),
      blockHash: (height: number) => liar.node.blockHash(height),
      header: (hash: string) => liar.node.header(hash),
      headers: async (from: number, count: number) =>
        from === tip.height
          ? [{ ...header, bytes: forged, hash: forgedHash }]
          : (await running.node.headers(from, count)).filter(({ hash }) => hash !== tip.hash),
    });
    const { follower } = await nearTheTip(lying, 1);
    await expect(follower.poll()).rejects.toMatchObject({
      code: 'header_invalid',
      details: { rule: 'no_work' },
    });
    await liar.close();
  });

  it('a block with a changed transaction, and one cut off', async () => {
    const swapped: Lie = (method, _params, result) => {
      if (method !== 'getblock') return result;
      const bytes = Buffer.from(String(result), 'hex');
      // A byte of the coinbase's first output script.
      const script = bytes.indexOf(Buffer.from('220020', 'hex'));
      bytes.writeUInt8(bytes.readUInt8(script + 10) ^ 1, script + 10);
      return bytes.toString('hex');
    };
    expect(await pollThroughLies(swapped)).toMatchObject({
      code: 'block_invalid',
      details: { rule: 'merkle_root' },
    });
    const cut: Lie = (method, _params, result) =>
      method === 'getblock' ? String(result).slice(0, -40) : result;
    expect(await pollThroughLies(cut)).toMatchObject({
      code: 'block_invalid',
      details: { rule: 'malformed' },
    });
  });

  it('a block that repeats transactions under the same Merkle root (CVE-2012-2459)', async () => {
    await running.control.fund(numberedScript(1), satoshis(10_000n));
    await running.control.fund(numberedScript(2), satoshis(10_000n));
    const [hash = ''] = await running.control.mine(1);
    const honest = Buffer.from(await running.node.block(hash));
    expect(honest.readUInt8(80)).toBe(3);
    // The last transaction: from its version and segwit marker to the end.
    const last = honest.subarray(honest.lastIndexOf(Buffer.from('0200000000010', 'hex')));
    const lie: Lie = (method, _params, result) => {
      if (method !== 'getblock') return result;
      const repeated = Buffer.concat([honest, last]);
      repeated.writeUInt8(4, 80);
      return repeated.toString('hex');
    };
    expect(await pollThroughLies(lie)).toMatchObject({
      code: 'block_invalid',
      details: { rule: 'repeated_transactions' },
    });
  });

  it('a block other than the one asked for', async () => {
    const other = Buffer.from(await running.node.block(await running.node.blockHash(3))).toString('hex');
    expect(
      await pollThroughLies((method, _params, result) => (method === 'getblock' ? other : result)),
    ).toMatchObject({
      code: 'node_answer_malformed',
    });
  });

  it('a node that came back with an older chain, but waits for one a little behind', async () => {
    const { follower } = await nearTheTip(running.node, 9, { maxBlocksBehind: 6 });
    await follower.poll();
    const position = follower.position;
    await running.control.disconnect(3);
    expect(await follower.poll()).toMatchObject({ steps: 0, atTip: false, position });
    await running.control.disconnect(5);
    await expect(follower.poll()).rejects.toMatchObject({ code: 'node_behind', details: { blocks: 8 } });
    // Another branch without more work does not move it either.
    await running.control.mine(8);
    expect(await follower.poll()).toMatchObject({ steps: 0, position });
    await running.control.mine(1);
    expect(await follower.poll()).toMatchObject({ steps: 17, atTip: true });
  });

  it('a branch that leaves below a checkpoint, or deeper than is allowed', async () => {
    const tip = await running.node.tip();
    const guarded = await nearTheTip(running.node, 3, { checkpoints: [tip] });
    const shallow = await nearTheTip(running.node, 3, { maxReorgDepth: 2 });
    await guarded.follower.poll();
    await shallow.follower.poll();
    await running.control.reorg(3);
    await expect(guarded.follower.poll()).rejects.toMatchObject({ code: 'forked_below_checkpoint' });
    await expect(shallow.follower.poll()).rejects.toMatchObject({ code: 'reorg_too_deep' });
  });

  it('a block from the future, and says when the tip is stale', async () => {
    const past = await nearTheTip(running.node, 1, {
      clock: new ManualClock(Date.now() - 24 * 60 * 60 * 1000),
    });
    await expect(past.follower.poll()).rejects.toMatchObject({
      code: 'header_invalid',
      details: { rule: 'time_too_new' },
    });
    const later = await nearTheTip(running.node, 1, {
      clock: new ManualClock(Date.now() + 3 * 60 * 60 * 1000),
    });
    expect(await later.follower.poll()).toMatchObject({ stale: true, atTip: true });
  });
});
