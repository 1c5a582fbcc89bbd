import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseTransaction, transactionId } from '../../src/bitcoin/index.ts';
import { ChainError, ChainQuorum, connectNode, guardNode } from '../../src/chain/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { DepositFollower, readChainHold } from '../../src/deposits/index.ts';
import { parseFeeRate, systemClock, type WithdrawalId } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import type { StepParts } from '../../src/withdrawals/index.ts';
import {
  refusing,
  startHostileProxy,
  type Fault,
  type HostileProxy,
} from '../chain/support/hostile-proxy.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';

const AMOUNT = 50_000n;
const MAX_FEE = 20_000n;
/** Far more than a node needs that is well, however much else this machine does. */
const TIMEOUT_MS = 1_500;
const FOLLOWER = 'behind faulty nodes';

let house: House;
let ada: Owner;
let proxies: readonly HostileProxy[];
let quorum: ChainQuorum;
let follower: DepositFollower;
/** What the worker works with: three nodes, and nothing while the chain is held. */
let parts: StepParts;

beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  await house.deposit(ada, 'vault', ...Array.from({ length: 10 }, () => 100_000n));
  const start = () => startHostileProxy(house.chain.regtest);
  proxies = [await start(), await start(), await start()];
  const sources = proxies.map(({ url, credentials }, at) => ({
    name: `node ${at}`,
    node: connectNode({ url, credentials, timeoutMs: TIMEOUT_MS, attempts: 1 }),
  }));
  const { database } = house;
  quorum = new ChainQuorum({ sources, network: 'regtest', clock: systemClock });
  follower = new DepositFollower({
    ...{ database, node: quorum, network: 'regtest', clock: systemClock, name: FOLLOWER },
  });
  await standWhereTheHouseStands();
  await follower.poll();
  const requireChain = async (): Promise<void> => {
    const hold = await readChainHold(database, FOLLOWER, new Date());
    if (hold !== null) throw new ChainError('chain_held', 'Payouts wait.', { retryable: true });
  };
  parts = { ...house.parts, node: guardNode(quorum, requireChain) };
});
afterEach(() => {
  for (const proxy of proxies) proxy.fault = 'none';
});
afterAll(async () => {
  quorum.close();
  for (const proxy of proxies) await proxy.close();
  await house.close();
});

/** So that nobody has to read the whole chain again. */
async function standWhereTheHouseStands(): Promise<void> {
  const { database } = house;
  const { blocks, ...row } = await database.chainFollower.findUniqueOrThrow({
    where: { name: 'worker' },
    include: { blocks: true },
  });
  await database.chainFollower.create({ data: { ...row, name: FOLLOWER } });
  await database.chainFollowerBlock.createMany({
    data: blocks.map((block) => ({
      ...block,
      followerName: FOLLOWER,
      header: Uint8Array.from(block.header),
    })),
  });
}

function everyNode(fault: Fault): void {
  for (const proxy of proxies) proxy.fault = fault;
}

/** Time passes, and what is due is tried. */
async function goOn(): Promise<void> {
  house.chain.house.scene.clock.advance(61_000);
  // It ends with the first that fails; others may be due.
  for (let round = 0; round < 2; round++) await house.settle(parts);
}

/** The nodes are well again. */
async function recover(): Promise<void> {
  everyNode('none');
  await follower.poll();
  await goOn();
}

/** Approved, and as far as the nodes let it. */
async function approved(): Promise<WithdrawalId> {
  const { id, intent } = await house.ask(ada, { to: pay(AMOUNT) });
  await house.sign(ada, intent);
  await house.settle(parts);
  await house.judge(intent);
  await house.settle(parts);
  return id;
}

async function inFlight(): Promise<bigint> {
  return (await house.balance('vaultInFlight', ada.vault.id)).posted;
}

/** It is in one block, once, and books and coins agree. */
async function expectPaidOnce(id: WithdrawalId): Promise<void> {
  await house.mine();
  await follower.poll();
  await goOn();
  const { state, payout, bookedAmount, confirmedCycle } = await house.row(id);
  expect({ state, confirmedCycle }).toEqual({ state: 'confirmed', confirmedCycle: 1 });
  expect(payout!.transactions.map(({ fee }) => AMOUNT + fee)).toContain(bookedAmount);
  expect(await inFlight()).toBe(0n);
  expect(await house.difference(ada.vault.id)).toBe(0n);
}

const OTHER_NETWORK: Fault = {
  lies: (method, _params, result) =>
    method === 'getblockchaininfo' ? { ...(result as object), chain: 'main' } : result,
};
const WRONG: Fault = {
  lies: (method, params, result) =>
    method === 'getblockhash' && Number(params[0]) > 0 ? 'ab'.repeat(32) : result,
};
const FAULTS: readonly Fault[] = [
  'hangs',
  { slowMs: 2 * TIMEOUT_MS },
  'cuts off',
  'truncates',
  'says garbage',
  'resets',
  'is busy',
  { instead: () => ({ error: { code: -28, message: 'Loading block index…' } }) },
  WRONG,
];

describe('payouts behind nodes that fail', () => {
  test('in every way, all of them: nothing is built or sent, the holds stay, and each is paid once', async () => {
    const { id: signed } = await house.awaitingCosigner(ada, { to: pay(AMOUNT) });
    await house.cosign();
    const before = (await house.balance('vault', ada.vault.id)).available;
    everyNode('resets');
    await expect(follower.poll()).rejects.toBeDefined();
    await house.settle(parts);
    const waiting = await approved();
    for (const fault of FAULTS) {
      everyNode(fault);
      // A block that they do not tell us of as it is.
      await house.chain.regtest.control.mine(1);
      await expect(follower.poll()).rejects.toBeDefined();
      await goOn();
      expect([await house.state(signed), await house.state(waiting)]).toEqual([
        'platform_signed',
        'approved',
      ]);
      expect(await inFlight()).toBe(AMOUNT + MAX_FEE);
    }
    expect((await house.balance('vault', ada.vault.id)).available).toBe(before - AMOUNT - MAX_FEE);
    await recover();
    expect(await house.state(signed)).toBe('broadcast');
    expect(await house.state(waiting)).toBe('awaiting_cosigner');
    await house.cosign();
    await house.settle(parts);
    await expectPaidOnce(signed);
    await expectPaidOnce(waiting);
  });

  test('one of three, in every way: paid all the same', async () => {
    const sending = { only: ['sendrawtransaction'], fault: 'hangs' } as const;
    for (const fault of [sending, 'truncates', OTHER_NETWORK, WRONG] as const) {
      proxies[0]!.fault = fault;
      const id = await approved();
      await house.cosign();
      await house.settle(parts);
      expect(await house.state(id)).toBe('broadcast');
      await expectPaidOnce(id);
    }
  });

  test('by not answering when they have taken it: sent again, and paid once', async () => {
    const id = await approved();
    await house.cosign();
    everyNode({ only: ['sendrawtransaction'], fault: 'cuts off' });
    await house.settle(parts);
    expect(await house.state(id)).toBe('platform_signed');
    const { txid } = (await house.row(id)).payout!.transactions[0]!;
    expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
    await recover();
    expect(await house.state(id)).toBe('broadcast');
    await expectPaidOnce(id);
  });

  test('by estimates that are absurd, or absent: built within what was approved', async () => {
    const lies = (feerate: number | null, mempoolminfee: number): Fault => ({
      lies: (method, _params, result) => {
        if (method === 'estimatesmartfee') return feerate === null ? {} : { feerate };
        return method === 'getmempoolinfo' ? { ...(result as object), mempoolminfee } : result;
      },
    });
    const cases = [
      lies(21, 0.00001),
      lies(0.00000001, 0.00001),
      lies(null, 0.00001),
      lies(null, 21),
      lies(-1, -1),
    ];
    for (const fault of cases) {
      everyNode(fault);
      const id = await approved();
      const { fee } = (await house.row(id)).payout!.transactions[0]!;
      expect(fee).toBeLessThanOrEqual(MAX_FEE);
      expect(fee).toBeGreaterThan(150n);
      await house.cosign();
      await house.settle(parts);
      await expectPaidOnce(id);
    }
  });
});

describe('a memory pool that is full', () => {
  test('when it is sent first: it waits with its hold, and is paid once there is room', async () => {
    const id = await approved();
    await house.cosign();
    for (const words of ['mempool min fee not met, 141 < 400', 'mempool full']) {
      everyNode(refusing(words));
      await goOn();
      expect(await house.row(id)).toMatchObject({ state: 'platform_signed' });
      expect((await house.row(id)).hindrance).toContain('does not accept');
      expect(await inFlight()).toBe(AMOUNT + MAX_FEE);
    }
    await recover();
    expect(await house.state(id)).toBe('broadcast');
    await expectPaidOnce(id);
  });

  test('when it is sent first: its fee can be raised at once', async () => {
    const id = await approved();
    await house.cosign();
    everyNode(refusing('mempool min fee not met, 141 < 400'));
    await goOn();
    const [first] = (await house.row(id)).payout!.transactions;
    everyNode({
      instead: (method, [given]) => {
        if (method !== 'sendrawtransaction') return undefined;
        const txid = transactionId(parseTransaction(Buffer.from(String(given), 'hex')));
        const refusal = { error: { code: -26, message: 'mempool min fee not met, 141 < 400' } };
        return txid === first!.txid ? refusal : undefined;
      },
    });
    const { txid } = await inTransaction(house.database, (tx) =>
      bumpFee(parts, tx, id, parseFeeRate('40'), SOMEBODY),
    );
    await goOn();
    expect(await house.state(id)).toBe('platform_signed');
    expect(await house.cosign()).toBe(1);
    await goOn();
    await goOn();
    expect(await house.state(id)).toBe('broadcast');
    expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
    expect(await house.chain.node.mempoolEntry(first!.txid)).toBeUndefined();
    await expectPaidOnce(id);
    expect((await house.row(id)).payout!.transactions).toHaveLength(2);
  });

  test('and throws it out: it is sent again and again, with its hold, until there is room', async () => {
    const id = await approved();
    await house.cosign();
    await house.settle(parts);
    expect(await house.state(id)).toBe('broadcast');
    let sent = 0;
    everyNode({
      instead: (method) => {
        if (method === 'getmempoolentry')
          return { error: { code: -5, message: 'Transaction not in mempool' } };
        if (method !== 'sendrawtransaction') return undefined;
        sent++;
        return { error: { code: -26, message: 'mempool full' } };
      },
    });
    await goOn();
    await goOn();
    expect(sent).toBeGreaterThanOrEqual(6);
    expect(await house.row(id)).toMatchObject({ state: 'broadcast' });
    expect(await inFlight()).toBe(AMOUNT + MAX_FEE);
    await recover();
    expect((await house.row(id)).hindrance).toBeNull();
    await expectPaidOnce(id);
  });
});
