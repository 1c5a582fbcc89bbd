import { setTimeout as sleep } from 'node:timers/promises';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseTransaction, transactionId } from '../../src/bitcoin/index.ts';
import { connectNode } from '../../src/chain/index.ts';
import { refusing, type Fault } from '../chain/support/hostile-proxy.ts';
import { Life } from './support/life.ts';
import { eventually } from './support/patience.ts';
import { seedOf, SeededRandom } from './support/random.ts';

/** Two cores may be shared with much else. */
const LONG_MS = 1_800_000;
/** For so long the institution works on while the nodes fail. */
const FAILING_MS = 5_000;
/** So that payouts need not wait for each other's change. */
const VAULT_COINS = 8;

const seed = seedOf('nodes', 'TRILOCK_FAULT_SEED');
let life: Life;

beforeAll(async () => {
  life = await Life.begin({ nodes: 3 });
  await life.fund();
  for (let coin = 0; coin < VAULT_COINS; coin++) await life.story.deposit('vault', 20_000_000n);
  await life.story.credited();
}, LONG_MS);
afterEach(async ({ task }) => {
  for (const proxy of life.world.nodeProxies) proxy.fault = 'none';
  if (task.result?.state === 'fail') process.stdout.write(`${await life.world.report()}\n`);
});
afterAll(() => life.end(), LONG_MS);

/** Says that it takes whatever it is given, and throws it away. */
function keepsBack(): Fault {
  const told = new Set<string>();
  return {
    instead: (method, [given]) => {
      const text = String(given);
      if (method === 'sendrawtransaction') {
        const txid = transactionId(parseTransaction(Buffer.from(text, 'hex')));
        told.add(txid);
        return { result: txid };
      }
      const isKept = method === 'getmempoolentry' && told.has(text);
      return isKept ? { result: { vsize: 200, fees: { base: 0.00001 } } } : undefined;
    },
  };
}

interface Case {
  readonly name: string;
  readonly fault: () => Fault;
  /** Whether nobody can know the chain then. */
  readonly holds: boolean;
}

function wrong(lie: Extract<Fault, { lies: unknown }>['lies']): () => Fault {
  return () => ({ lies: lie });
}

const CASES: readonly Case[] = [
  { name: 'hang', fault: () => 'hangs', holds: true },
  { name: 'are slow', fault: () => ({ slowMs: 400 }), holds: false },
  { name: 'cut their answers off', fault: () => 'cuts off', holds: true },
  { name: 'truncate their answers', fault: () => 'truncates', holds: true },
  { name: 'say garbage', fault: () => 'says garbage', holds: true },
  { name: 'end connections', fault: () => 'resets', holds: true },
  { name: 'are too busy', fault: () => 'is busy', holds: true },
  {
    name: 'are still starting',
    fault: () => ({ instead: () => ({ error: { code: -28, message: 'Verifying blocks…' } }) }),
    holds: true,
  },
  {
    name: 'say that blocks have other hashes',
    fault: wrong((method, params, result) =>
      method === 'getblockhash' && Number(params[0]) > 0 ? 'ab'.repeat(32) : result,
    ),
    holds: true,
  },
  {
    name: 'hand out blocks that were changed',
    fault: wrong((method, _params, result) =>
      method === 'getblock' ? String(result).replace(/(.{200})../, '$1ff') : result,
    ),
    holds: true,
  },
  { name: 'keep transactions back', fault: keepsBack, holds: false },
  { name: 'have no room for transactions', fault: () => refusing('mempool full'), holds: false },
  {
    name: 'estimate fees that are absurd',
    fault: wrong((method, _params, result) =>
      method === 'estimatesmartfee' ? { feerate: 20_000, blocks: 6 } : result,
    ),
    holds: false,
  },
];

function everyNode(fault: Fault): void {
  for (const proxy of life.world.nodeProxies) proxy.fault = fault;
}

/** Why the worker credits and pays nothing. */
async function heldBecause(): Promise<string | null> {
  const { rows } = await life.world.sql.query<{ held_code: string | null }>(
    `SELECT held_code FROM app.chain_follower WHERE name = 'worker' AND held_since IS NOT NULL`,
  );
  return rows[0]?.held_code ?? null;
}

async function until(what: string, fits: (code: string | null) => boolean): Promise<void> {
  await eventually(what, heldBecause, fits);
}

describe('an institution in true processes, whose nodes', () => {
  it(
    'all fail in every way, and are well again each time: everything once',
    async () => {
      const random = new SeededRandom(seed);
      const lived: Promise<void>[] = [];
      for (const [at, { name, fault, holds }] of CASES.entries()) {
        everyNode(fault());
        lived.push(life.live(at % 3 === 2 ? 'deposit' : 'vault withdrawal', random));
        if (holds) await until(`the worker to hold while nodes ${name}`, (code) => code !== null);
        await sleep(FAILING_MS);
        everyNode('none');
        if (holds) await until(`the worker to go on after nodes ${name}`, (code) => code === null);
      }
      await Promise.all([...lived, life.liveFully(random)]);
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'are of another network when the worker starts: nothing is done until they are right',
    async () => {
      everyNode({
        lies: (method, _params, result) =>
          method === 'getblockchaininfo' ? { ...(result as object), chain: 'main' } : result,
      });
      await life.world.household.kill('worker');
      await life.world.household.allReady();
      const lived = life.liveFully(new SeededRandom(seed + 1));
      await until('the worker to hold', (code) => code !== null);
      await sleep(FAILING_MS);
      everyNode('none');
      await lived;
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'but for two fail in every way: everything is done meanwhile',
    async () => {
      const [first] = life.world.nodeProxies;
      const lived = life.liveFully(new SeededRandom(seed + 2));
      const over = lived.then(
        () => true,
        () => true,
      );
      for (let at = 0; ; at = (at + 1) % CASES.length) {
        if (first !== undefined) first.fault = CASES[at]?.fault() ?? 'none';
        if (await Promise.race([over, sleep(FAILING_MS, false)])) break;
      }
      await lived;
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'are started again with an older chain: waited for, and nothing is undone',
    async () => {
      const { story, pilot, world } = life;
      const { household, node, directory, sandbox } = world;
      const { nodeUrl, nodeCookieFile } = sandbox.facts;
      const chain = join(directory, 'chain');
      const older = join(directory, 'chain-of-before');
      const endLeases = household.onDeath;
      const asFound = (role: string, change: () => Promise<void>): Promise<void> =>
        role === 'node' ? change() : endLeases(role);
      pilot.mines = false;
      household.onDeath = (role) => asFound(role, () => cp(chain, older, { recursive: true }));
      await household.restart('node');
      const before = await node.height();
      pilot.mines = true;
      const random = new SeededRandom(seed + 3);
      for (const deed of ['deposit', 'vault withdrawal', 'spending withdrawal'] as const)
        await life.live(deed, random);
      expect(await life.findings()).toEqual([]);
      pilot.mines = false;
      const reader = connectNode({ url: nodeUrl, credentials: { cookieFile: nodeCookieFile } });
      const newer = [];
      for (const hash of await node.blockHashes(before + 1, await node.height()))
        newer.push(await reader.block(hash));
      reader.close();
      household.onDeath = (role) =>
        asFound(role, async () => {
          await rm(chain, { recursive: true });
          await cp(older, chain, { recursive: true });
        });
      await household.restart('node');
      expect(await node.height()).toBe(before);
      await until('the worker to hold', (code) => code !== null);
      const waiting = await story.withdraw('vault', 100_000n);
      await story.reaches(waiting, 'approved');
      await sleep(FAILING_MS);
      await story.reaches(waiting, 'approved');
      // Its peers have what it has lost.
      for (const block of newer) await node.submit(block);
      pilot.mines = true;
      await story.reaches(waiting, 'confirmed');
      household.onDeath = endLeases;
      expect(household.unplanned).toEqual([]);
      expect(await life.findings()).toEqual([]);
    },
    LONG_MS,
  );
});
