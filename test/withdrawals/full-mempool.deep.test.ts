import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { FundedOutput } from '../../src/chain/index.ts';
import { inTransaction } from '../../src/database/index.ts';
import { parseFeeRate, satoshis, type WithdrawalId } from '../../src/shared/index.ts';
import { bumpFee } from '../../src/withdrawals/bump-fee.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../chain/support/faucet-spends.ts';
import { House, pay, SOMEBODY, type Owner } from './support/house.ts';

const AMOUNT = 100_000n;
const MAX_FEE = 20_000n;
/** The least that Bitcoin Core allows, in megabytes as it counts them in memory. */
const POOL_SETTINGS = '[regtest]\nmaxmempool=5\n';
/** More than that together, each with as much data as its bytes may be counted. */
const FILLERS = 110;
const DATA_BYTES = 60_000;
/** Dearer than what a payout pays without an estimate, and each time than what the node has learnt to estimate. */
const FILLER_SATS_PER_BYTE = [30n, 45n, 100n] as const;

let house: House;
let ada: Owner;

async function call(method: string, ...params: unknown[]): Promise<unknown> {
  const { url, credentials } = house.chain.regtest;
  const cookie = (await readFile(credentials.cookieFile, 'utf8')).trim();
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(cookie).toString('base64')}` },
    body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
  });
  return ((await response.json()) as { result: unknown }).result;
}

/** Other people's coins, each with what it will pay. */
async function coinsOfOthers(round: 0 | 1 | 2): Promise<readonly FundedOutput[]> {
  const fee = (BigInt(DATA_BYTES) + 200n) * FILLER_SATS_PER_BYTE[round];
  const amount = satoshis(fee + 10_000n);
  const payments = Array.from({ length: FILLERS }, () => ({ to: OP_TRUE_SCRIPT, amount }));
  const coins = await house.chain.regtest.control.fundMany(payments);
  await house.mine();
  return coins;
}

/** Other people pay, until the cheapest are thrown out. */
async function fill(coins: readonly FundedOutput[]): Promise<void> {
  const data = Buffer.concat([Buffer.of(0x6a, 0x4d, 0, 0), Buffer.alloc(DATA_BYTES)]);
  data.writeUInt16LE(DATA_BYTES, 2);
  for (const coin of coins) {
    const outputs = [
      { script: data, satoshis: 0n },
      { script: OP_TRUE_SCRIPT, satoshis: 10_000n },
    ];
    await call('sendrawtransaction', Buffer.from(buildSpend({ coins: [coin], outputs })).toString('hex'), 0);
  }
  const { mempoolminfee } = (await call('getmempoolinfo')) as { mempoolminfee: number };
  expect(mempoolminfee).toBeGreaterThan(0.0002);
}

/** Blocks take everything, and the pool forgets what it asked for, as it does within a day or two. */
async function empty(): Promise<void> {
  await house.mine(10);
  await call('setmocktime', Math.floor(Date.now() / 1000) + 60 * 3_600);
  await call('getmempoolinfo');
  await call('setmocktime', 0);
  const { mempoolminfee } = (await call('getmempoolinfo')) as { mempoolminfee: number };
  expect(mempoolminfee).toBeLessThan(0.00002);
}

async function expectWaiting(id: WithdrawalId, state: string): Promise<void> {
  const row = await house.row(id);
  expect(row.state).toBe(state);
  expect(row.hindrance).toContain('does not accept');
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(AMOUNT + MAX_FEE);
}

async function tryAgain(): Promise<void> {
  house.chain.house.scene.clock.advance(61_000);
  await house.settle();
}

async function expectPaidOnce(id: WithdrawalId): Promise<void> {
  await house.mine();
  await tryAgain();
  expect(await house.row(id)).toMatchObject({ state: 'confirmed', confirmedCycle: 1 });
  expect((await house.balance('vaultInFlight', ada.vault.id)).posted).toBe(0n);
  expect(await house.difference(ada.vault.id)).toBe(0n);
}

const isThere = process.env['BITCOIND_BIN'] !== undefined;

if (!isThere) {
  describe('the full memory pool of a real bitcoind', () => {
    it.skip('is filled when BITCOIND_BIN names one', () => undefined);
  });
} else {
  describe('the full memory pool of a real bitcoind', () => {
    beforeAll(async () => {
      house = await House.open(undefined, undefined, POOL_SETTINGS);
      ada = await house.owner();
      await house.deposit(ada, 'vault', 400_000n, 400_000n, 400_000n);
    }, 600_000);
    afterAll(() => house.close());

    test('refuses a payout: it waits with its hold, and is sent when there is room', async () => {
      const { id } = await house.awaitingCosigner(ada, { to: pay(AMOUNT) });
      await fill(await coinsOfOthers(0));
      await house.cosign();
      await tryAgain();
      await expectWaiting(id, 'platform_signed');
      await empty();
      await tryAgain();
      expect(await house.state(id)).toBe('broadcast');
      await expectPaidOnce(id);
    });

    test('refuses a payout: its fee is raised, and it is taken', async () => {
      const { id } = await house.awaitingCosigner(ada, { to: pay(AMOUNT) });
      await fill(await coinsOfOthers(1));
      await house.cosign();
      await tryAgain();
      await expectWaiting(id, 'platform_signed');
      const { txid } = await inTransaction(house.database, (tx) =>
        bumpFee(house.parts, tx, id, parseFeeRate('80'), SOMEBODY),
      );
      expect(await house.cosign()).toBe(1);
      await tryAgain();
      await tryAgain();
      expect(await house.state(id)).toBe('broadcast');
      expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
      await expectPaidOnce(id);
      await empty();
    });

    test('throws a payout out: it waits with its hold, and is sent again when there is room', async () => {
      const coins = await coinsOfOthers(2);
      const { id } = await house.broadcast(ada, { to: pay(AMOUNT) });
      const { txid } = (await house.row(id)).payout!.transactions[0]!;
      expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
      await fill(coins);
      expect(await house.chain.node.mempoolEntry(txid)).toBeUndefined();
      await tryAgain();
      await expectWaiting(id, 'broadcast');
      await empty();
      await tryAgain();
      expect(await house.chain.node.mempoolEntry(txid)).toBeDefined();
      await expectPaidOnce(id);
    });
  });
}
