import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ChainQuorum, connectNode, type ChainNode } from '../../src/chain/index.ts';
import { DepositFollower, readChainHold, stepDeposits, type DepositParts } from '../../src/deposits/index.ts';
import { ManualClock } from '../../src/shared/index.ts';
import { readBalances } from '../../src/wallets/index.ts';
import { startHostileProxy, type Fault, type HostileProxy } from '../chain/support/hostile-proxy.ts';
import { startTestNode } from '../chain/support/followed-chain.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

const HOUR_MS = 3_600_000;
const AMOUNT = 50_000n;
/** Far more than a node needs that is well, however much else this machine does. */
const TIMEOUT_MS = 1_000;

let chain: ChainHouse;
let proxies: [HostileProxy, HostileProxy, HostileProxy];
let clock: ManualClock;
let nodes: ChainNode[];
let names = 0;

beforeAll(async () => {
  chain = await ChainHouse.open();
});
afterAll(() => chain.close());

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  const start = () => startHostileProxy(chain.regtest);
  proxies = [await start(), await start(), await start()];
  nodes = proxies.map(({ url, credentials }) =>
    connectNode({ url, credentials, timeoutMs: TIMEOUT_MS, attempts: 1 }),
  );
});
afterEach(async () => {
  for (const node of nodes) node.close();
  for (const proxy of proxies) await proxy.close();
});

/** Stands where the house's own follower stands, so that nobody has to read the whole chain again. */
async function follow(name: string): Promise<void> {
  const { database } = chain.house;
  await chain.follower.poll();
  const { blocks, ...row } = await database.chainFollower.findUniqueOrThrow({
    where: { name: 'worker' },
    include: { blocks: true },
  });
  await database.chainFollower.create({ data: { ...row, name } });
  await database.chainFollowerBlock.createMany({
    data: blocks.map((block) => ({ ...block, followerName: name, header: Uint8Array.from(block.header) })),
  });
}

/** A worker of its own: follower and books, on these of the three nodes. */
async function worker(count: 1 | 3) {
  const { database } = chain.house;
  const name = `faulty ${names++}`;
  const node = new ChainQuorum({
    ...{ network: 'regtest', clock },
    sources: nodes.slice(0, count).map((each, at) => ({ name: `node ${at}`, node: each })),
  });
  const follower = new DepositFollower({ database, node, network: 'regtest', clock, name });
  const parts: DepositParts = { ...chain.depositParts, node, clock, follower: name };
  const books = async (): Promise<void> => {
    while ((await stepDeposits(parts)) > 0);
  };
  await follow(name);
  return {
    node,
    follower,
    books,
    work: async () => {
      await follower.poll();
      await books();
    },
    hold: () => readChainHold(database, name, new Date(clock.nowMs())),
  };
}

/** Somebody is paid, and the block that makes it deep enough is still to come. */
async function almostCredited() {
  const { customer, wallet } = await chain.house.vault();
  const { address } = await chain.house.give(wallet.id, customer.id);
  await chain.pay(address, AMOUNT);
  await chain.regtest.control.mine(1);
  return async (): Promise<{ posted: bigint; pending: bigint }> => {
    const { vaults } = await readBalances(chain.house.ledger, customer.id, [wallet.id]);
    return vaults[0]!;
  };
}

async function told(): Promise<{ type: string; data: Record<string, unknown> }[]> {
  const rows = await chain.house.database.outboxEvent.findMany({
    where: { subject: 'chain' },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ type, content }) => ({
    type,
    data: (JSON.parse(content) as { data: Record<string, unknown> }).data,
  }));
}

const otherNetwork: Fault = {
  lies: (method, _params, result) =>
    method === 'getblockchaininfo' ? { ...(result as object), chain: 'main' } : result,
};

/** What each fault ends in. */
const FAULTS: readonly { name: string; fault: Fault; code: string }[] = [
  { name: 'hangs', fault: 'hangs', code: 'node_timeout' },
  { name: 'is slower than we wait', fault: { slowMs: 2 * TIMEOUT_MS }, code: 'node_timeout' },
  { name: 'cuts answers off', fault: 'cuts off', code: 'node_unreachable' },
  { name: 'truncates answers', fault: 'truncates', code: 'node_answer_malformed' },
  { name: 'says garbage', fault: 'says garbage', code: 'node_answer_malformed' },
  { name: 'ends connections', fault: 'resets', code: 'node_unreachable' },
  { name: 'is too busy', fault: 'is busy', code: 'node_busy' },
];

describe('one node, which', () => {
  test.each(FAULTS)(
    '$name: nothing is credited, it is told, and it recovers by itself',
    async ({ fault, code }) => {
      const { work, books, follower, hold } = await worker(1);
      const balance = await almostCredited();
      await work();
      expect(await hold()).toBeNull();
      expect(await balance()).toMatchObject({ posted: 0n, pending: AMOUNT });
      await chain.regtest.control.mine(1);
      proxies[0].fault = fault;
      const before = (await told()).length;
      await expect(follower.poll()).rejects.toMatchObject({ code });
      await books();
      expect(await hold()).toMatchObject({ code });
      expect(await balance()).toMatchObject({ posted: 0n, pending: AMOUNT });
      // What may pass is told when it has not.
      clock.advance(61_000);
      await expect(follower.poll()).rejects.toMatchObject({ code });
      expect((await told()).slice(before)).toMatchObject([{ type: 'chain.held', data: { code } }]);
      proxies[0].fault = 'none';
      await work();
      expect(await hold()).toBeNull();
      expect(await balance()).toMatchObject({ posted: AMOUNT, pending: 0n });
      expect((await told()).at(-1)).toMatchObject({ type: 'chain.resumed' });
    },
  );

  test('turns into one of another network, when we start and later', async () => {
    const { work, follower, hold } = await worker(1);
    proxies[0].fault = otherNetwork;
    await expect(follower.poll()).rejects.toMatchObject({ code: 'wrong_network' });
    proxies[0].fault = 'none';
    const balance = await almostCredited();
    await work();
    await chain.regtest.control.mine(1);
    // Another chain altogether, with the same first block.
    const stranger = await startTestNode();
    try {
      await stranger.control.mine((await chain.node.tip()).height - (await stranger.node.tip()).height + 3);
      proxies[0].target = stranger;
      await expect(follower.poll()).rejects.toMatchObject({ code: 'reorg_too_deep' });
      expect(await hold()).toMatchObject({ code: 'reorg_too_deep' });
      expect(await balance()).toMatchObject({ posted: 0n });
    } finally {
      proxies[0].target = chain.regtest;
      await stranger.stop();
    }
    await work();
    expect(await balance()).toMatchObject({ posted: AMOUNT });
  });

  test('says that a block holds less, or other payments, than it does', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    const { work, follower, hold } = await worker(1);
    await work();
    const { txid } = await chain.pay(address, AMOUNT);
    await chain.regtest.control.mine(1);
    const script = (await chain.node.unspentOutput({ txid, vout: 0 }))!.script;
    const pattern = Buffer.from(script).toString('hex');
    const swaps: [string, string][] = [
      // A hundred times as much; and the same to somebody else.
      ['50c3000000000000', '404b4c0000000000'],
      [pattern, `0020${'77'.repeat(32)}`],
    ];
    for (const [truth, lie] of swaps) {
      proxies[0].fault = {
        lies: (method, _params, result) =>
          method === 'getblock' ? String(result).replaceAll(truth, lie) : result,
      };
      await expect(follower.poll()).rejects.toMatchObject({ code: 'block_invalid' });
      expect(await hold()).toMatchObject({ code: 'block_invalid' });
    }
    proxies[0].fault = 'none';
    await chain.regtest.control.mine(1);
    await work();
    const { vaults } = await readBalances(chain.house.ledger, customer.id, [wallet.id]);
    expect(vaults[0]).toMatchObject({ posted: AMOUNT });
  });

  test('comes back with an older chain: waited for, and nothing is undone', async () => {
    const { work, books, follower, hold } = await worker(1);
    const balance = await almostCredited();
    await chain.regtest.control.mine(8);
    await work();
    expect(await balance()).toMatchObject({ posted: AMOUNT });
    const { height, hash } = await chain.node.tip();
    const older = await chain.node.blockHash(height - 7);
    const oldBlocks: Fault = {
      lies: (method, params, result) => {
        if (method === 'getblockchaininfo') {
          return { ...(result as object), blocks: height - 7, bestblockhash: older };
        }
        return method === 'getblockhash' && Number(params[0]) > height - 7 ? null : result;
      },
    };
    proxies[0].fault = oldBlocks;
    await expect(follower.poll()).rejects.toBeDefined();
    await books();
    expect(await hold()).not.toBeNull();
    expect(await balance()).toMatchObject({ posted: AMOUNT });
    proxies[0].fault = 'none';
    await work();
    expect(follower.position).toEqual({ height, hash });
    expect(await hold()).toBeNull();
  });

  test('stands still for two hours: credits wait for a new block', async () => {
    const { work, follower, books, hold } = await worker(1);
    const balance = await almostCredited();
    await work();
    clock.advance(2 * HOUR_MS);
    await expect(follower.poll()).rejects.toMatchObject({ details: { kind: 'stale_tip' } });
    await books();
    expect(await hold()).toMatchObject({ code: 'chain_disagreement' });
    expect((await told()).at(-1)).toMatchObject({ type: 'chain.held', data: { kind: 'stale_tip' } });
    clock.advance(-2 * HOUR_MS);
    await chain.regtest.control.mine(1);
    await work();
    expect(await balance()).toMatchObject({ posted: AMOUNT });
  });
});

test('a passing failure is told of only when it lasts; who has not looked for long credits nothing', async () => {
  const { database } = chain.house;
  const name = `passing ${names++}`;
  const [node] = nodes;
  const follower = new DepositFollower({ database, node: node!, network: 'regtest', clock, name });
  await follow(name);
  await follower.poll();
  const before = (await told()).length;
  proxies[0].fault = 'resets';
  await expect(follower.poll()).rejects.toMatchObject({ code: 'node_unreachable' });
  expect(await readChainHold(database, name, new Date(clock.nowMs()))).toMatchObject({
    code: 'node_unreachable',
  });
  expect(await told()).toHaveLength(before);
  clock.advance(61_000);
  await expect(follower.poll()).rejects.toBeDefined();
  expect((await told()).slice(before)).toMatchObject([{ type: 'chain.held', data: { kind: null } }]);
  await expect(follower.poll()).rejects.toBeDefined();
  expect(await told()).toHaveLength(before + 1);
  proxies[0].fault = 'none';
  await follower.poll();
  expect(await readChainHold(database, name, new Date(clock.nowMs()))).toBeNull();
  const late = new Date(clock.nowMs() + HOUR_MS);
  expect(await readChainHold(database, name, late)).toMatchObject({ code: 'not_followed' });
  expect(await readChainHold(database, 'nobody', late)).toMatchObject({ code: 'not_followed' });
});

describe('three nodes', () => {
  test('one of them in every way wrong: credited all the same, and nobody waits for it', async () => {
    const { work, hold } = await worker(3);
    const lies: Fault = {
      lies: (method, params, result) => {
        if (method === 'getblockhash' && Number(params[0]) > 0) return 'ab'.repeat(32);
        if (method === 'getblock') return String(result).slice(0, 400);
        return method === 'getblockchaininfo' ? { ...(result as object), blocks: 9_999_999 } : result;
      },
    };
    for (const fault of [...FAULTS.map((each) => each.fault), lies, otherNetwork]) {
      const balance = await almostCredited();
      proxies[0].fault = fault;
      await chain.regtest.control.mine(1);
      await work();
      expect(await balance()).toMatchObject({ posted: AMOUNT, pending: 0n });
      expect(await hold()).toBeNull();
    }
  });

  test('two of them wrong: nothing is credited on what they say, and it recovers by itself', async () => {
    const { work, books, follower, hold } = await worker(3);
    const balance = await almostCredited();
    await work();
    await chain.regtest.control.mine(1);
    proxies[0].fault = {
      lies: (method, _p, result) => (method === 'getblockhash' ? 'ab'.repeat(32) : result),
    };
    proxies[1].fault = 'hangs';
    await expect(follower.poll()).rejects.toMatchObject({ code: 'chain_disagreement' });
    await books();
    expect(await balance()).toMatchObject({ posted: 0n });
    expect(await hold()).toMatchObject({ code: 'chain_disagreement' });
    proxies[0].fault = 'none';
    await work();
    expect(await balance()).toMatchObject({ posted: AMOUNT });
  });

  test.each([
    { what: 'no blocks', lie: () => '00'.repeat(100) },
    { what: 'less than a header', lie: () => 'ab' },
    { what: 'blocks that end too early', lie: (text: string) => text.slice(0, 400) },
    {
      what: 'blocks whose first payment mints nothing',
      lie: (text: string) => `${text.slice(0, 180)}${'11'.repeat(32)}${text.slice(244)}`,
    },
  ])('all hand out $what: nothing is credited, and it is told', async ({ lie }) => {
    const { work, books, follower, hold } = await worker(3);
    const balance = await almostCredited();
    await work();
    await chain.regtest.control.mine(1);
    for (const proxy of proxies) {
      proxy.fault = {
        lies: (method, _p, result) => (method === 'getblock' ? lie(String(result)) : result),
      };
    }
    const code = expect.stringMatching(/^(block_invalid|node_answer_malformed)$/) as string;
    await expect(follower.poll()).rejects.toMatchObject({ code });
    await books();
    expect(await hold()).toMatchObject({ code });
    expect(await balance()).toMatchObject({ posted: 0n });
    for (const proxy of proxies) proxy.fault = 'none';
    await work();
    expect(await hold()).toBeNull();
    expect(await balance()).toMatchObject({ posted: AMOUNT });
  });

  test('an estimate of fees that is absurd, absent, or one node’s own', async () => {
    const { node } = await worker(3);
    const rate = (feerate: number | null): Fault => ({
      lies: (method, _p, result) =>
        method === 'estimatesmartfee' ? (feerate === null ? {} : { feerate }) : result,
    });
    const estimate = async (...rates: (number | null)[]): Promise<string> => {
      rates.forEach((each, at) => (proxies[at]!.fault = rate(each)));
      const { feeRate, source } = await node.feeEstimate(6);
      return `${feeRate} ${source}`;
    };
    expect(await estimate(0.0002, 0.0003, 0.0004)).toBe('30000 node');
    // One burns money, or never gets anything mined: the others decide.
    expect(await estimate(0.005, 0.0002, 0.0003)).toBe('30000 node');
    expect(await estimate(0.00001, 0.0002, 0.0003)).toBe('20000 node');
    expect(await estimate(null, 0.0002, 0.0003)).toBe('20000 node');
    // Absurd is as good as absent; with too few estimates it is our own.
    expect(await estimate(50_000, 1e-8, 21)).toMatch(/^20000 fallback$|^1000 node$/);
    expect(await estimate(null, null, null)).toBe('20000 fallback');
    proxies[0].fault = proxies[1].fault = 'hangs';
    await expect(node.feeEstimate(6)).rejects.toMatchObject({ details: { kind: 'too_few_answers' } });
  });
});
