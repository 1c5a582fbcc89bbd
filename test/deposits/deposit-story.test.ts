import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deriveAddress, type Branch } from '../../src/bitcoin/index.ts';
import { bookEvent } from '../../src/ledger/client/index.ts';
import { stepDeposits } from '../../src/deposits/index.ts';
import { stepDeposit } from '../../src/deposits/step-deposits.ts';
import { idToUuid, newId, satoshis, type CustomerId, type WalletId } from '../../src/shared/index.ts';
import {
  descriptorOf,
  explainAddress,
  readBalances,
  spendableCoins,
  type Wallet,
} from '../../src/wallets/index.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../chain/support/faucet-spends.ts';
import { numberedScript } from '../chain/support/followed-chain.ts';
import type { TestCustomer } from '../fixtures/custody.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

let chain: ChainHouse;
let treasury: Wallet;

beforeAll(async () => {
  chain = await ChainHouse.open();
  treasury = await chain.house.treasury();
});
afterAll(() => chain.close());

async function vaultBalance({ id }: TestCustomer, wallet: WalletId) {
  return (await readBalances(chain.house.ledger, id, [wallet])).vaults[0]!;
}

async function spendingBalance(customer: CustomerId) {
  return (await readBalances(chain.house.ledger, customer, [])).spending;
}

async function scriptOf(address: string): Promise<Uint8Array> {
  const { address: given } = await explainAddress(chain.house.database, address, 'anybody');
  return given.script;
}

/** A payment by a coin that can be spent otherwise, once its block is gone. */
async function payRevocably(address: string, amount: bigint) {
  const coin = await chain.regtest.control.fund(OP_TRUE_SCRIPT, satoshis(amount + 1_000n));
  await chain.regtest.control.mine(1);
  const outputs = [{ script: await scriptOf(address), satoshis: amount }];
  await chain.node.broadcast(buildSpend({ coins: [coin], outputs }));
  const elsewhere = [{ script: OP_TRUE_SCRIPT, satoshis: amount - 20_000n }];
  return () => chain.node.broadcast(buildSpend({ coins: [coin], outputs: elsewhere }));
}

/** Takes the last blocks away and spends the coin otherwise in those that replace them. */
async function doubleSpend(depth: number, otherwise: () => Promise<unknown>): Promise<void> {
  await chain.regtest.control.disconnect(depth);
  await otherwise();
  await chain.mine(depth + 1);
}

/** Other blocks in place of the last: to another miner, else a block of the same second would be the lost one. */
async function reorganise(depth: number): Promise<void> {
  await chain.regtest.control.disconnect(depth);
  await chain.regtest.control.mine(depth, numberedScript(1));
}

async function states(wallet: WalletId): Promise<string[]> {
  return (await chain.deposits(wallet)).map(({ state, cycle }) => `${state}/${cycle}`);
}

describe('a vault', () => {
  test('two deposits in one transaction, and one to another customer', async () => {
    const { customer, wallet } = await chain.house.vault();
    const other = await chain.house.vault();
    const addresses = [
      await chain.house.give(wallet.id, customer.id),
      await chain.house.give(wallet.id, customer.id),
      await chain.house.give(other.wallet.id, other.customer.id),
    ];
    await chain.regtest.control.fundMany(
      addresses.map(({ address }, index) => ({ to: address, amount: satoshis(10_000n * BigInt(index + 1)) })),
    );
    await chain.mine(2);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ available: 30_000n, pending: 0n });
    expect(await vaultBalance(other.customer, other.wallet.id)).toMatchObject({ available: 30_000n });
    expect(await states(wallet.id)).toEqual(['credited/1', 'credited/1']);
    expect([await chain.difference(wallet.id), await chain.difference(other.wallet.id)]).toEqual([0n, 0n]);
  });

  test('a large sum in small pieces of one block waits as long as the sum', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.regtest.control.fundMany(
      Array.from({ length: 3 }, () => ({ to: address, amount: satoshis(60_000_000n) })),
    );
    await chain.mine(5);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ pending: 180_000_000n, available: 0n });
    await chain.mine(1);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ pending: 0n, available: 180_000_000n });
  });

  test('a reorganisation before the credit: mined again elsewhere, credited once', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 500_000n);
    await chain.mine(1);
    await reorganise(1);
    await chain.mine(1);
    expect(await states(wallet.id)).toEqual(['credited/2']);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ available: 500_000n, pending: 0n });
    expect(await chain.difference(wallet.id)).toBe(0n);
  });

  test('a reorganisation after the credit: taken back, and credited again when it is deep again', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 700_000n);
    await chain.mine(2);
    const [before] = await chain.deposits(wallet.id);
    await reorganise(2);
    await chain.mine(1);
    const [after] = await chain.deposits(wallet.id);
    expect(after).toMatchObject({ id: before!.id, state: 'credited', cycle: 2, booked: { cycle: 2 } });
    expect(after!.booked!.blockHash).not.toBe(before!.booked!.blockHash);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 700_000n, owed: 0n });
    const events = await chain.house.database.outboxEvent.findMany({
      where: { subject: after!.id },
      orderBy: { id: 'asc' },
    });
    expect(events.map(({ type }) => type)).toEqual([
      'deposit.detected',
      'deposit.confirming',
      'deposit.credited',
      'deposit.reversed',
      'deposit.credited',
    ]);
  });

  test('spent otherwise before and after the credit: the net is nothing', async () => {
    for (const depth of [1, 2]) {
      const { customer, wallet } = await chain.house.vault();
      const { address } = await chain.house.give(wallet.id, customer.id);
      const otherwise = await payRevocably(address, 900_000n);
      await chain.mine(depth);
      await doubleSpend(depth, otherwise);
      expect(await states(wallet.id)).toEqual([depth === 1 ? 'dropped/1' : 'reversed/1']);
      expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 0n, pending: 0n, owed: 0n });
      expect(await chain.difference(wallet.id)).toBe(0n);
      expect(await spendableCoins(chain.house.database, wallet.id, 10_000, new Date())).toEqual([]);
    }
  });

  test('dust is kept apart, and leaves suspense when its block goes', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    const otherwise = await payRevocably(address, 25_000n);
    await chain.pay(address, 999n);
    await chain.mine(2);
    expect((await states(wallet.id)).sort()).toEqual(['credited/1', 'quarantined/1']);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 25_000n });
    expect(await spendableCoins(chain.house.database, wallet.id, 10_000, new Date())).toHaveLength(1);
    expect(await chain.difference(wallet.id)).toBe(0n);
    await doubleSpend(2, otherwise);
    expect((await states(wallet.id)).sort()).toEqual(['quarantined/2', 'reversed/1']);
    expect(await chain.difference(wallet.id)).toBe(0n);
  });

  test('an address that nobody was given, within the gap: credited, and never given out', async () => {
    const { customer, wallet } = await chain.house.vault();
    const derived = (branch: Branch, index: number) => deriveAddress(descriptorOf(wallet), branch, index);
    await chain.pay(derived('receive', 19).address, 40_000n);
    // Only watched once index 19 was found; in the same block.
    await chain.pay(derived('receive', 38).address, 50_000n);
    await chain.pay(derived('change', 3).address, 60_000n);
    await chain.mine(2);
    expect((await states(wallet.id)).sort()).toEqual(['credited/1', 'credited/1', 'quarantined/1']);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 90_000n });
    expect(await chain.difference(wallet.id)).toBe(0n);
    for (let index = 0; index < 20; index++) {
      const given = await chain.house.give(wallet.id, customer.id);
      expect(given.index).toBe(index < 19 ? index : 20);
    }
  });
});

describe('the spending balance', () => {
  test('is credited by the address that was given to the customer, and by none other', async () => {
    const ada = await chain.house.customer();
    const bob = await chain.house.customer();
    const forAda = await chain.house.give(treasury.id, ada.id);
    const forBob = await chain.house.give(treasury.id, bob.id);
    const nobodys = deriveAddress(descriptorOf(treasury), 'receive', forBob.index + 3).address;
    await chain.house.opened(treasury.id);
    await chain.pay(forAda.address, 80_000n);
    await chain.pay(forBob.address, 90_000n);
    await chain.pay(nobodys, 70_000n);
    await chain.mine(2);
    expect(await spendingBalance(ada.id)).toMatchObject({ available: 80_000n });
    expect(await spendingBalance(bob.id)).toMatchObject({ available: 90_000n });
    expect(await states(treasury.id)).toContain('quarantined/1');
    expect(await chain.difference(treasury.id)).toBe(0n);
  });

  test('spent before the reorganisation: owed, and paid from the next deposit', async () => {
    const ada = await chain.house.customer();
    const bob = await chain.house.customer();
    const { address } = await chain.house.give(treasury.id, ada.id);
    await chain.house.opened(treasury.id);
    await chain.settle();
    const otherwise = await payRevocably(address, 600_000n);
    await chain.mine(2);
    const paid = await chain.house.ledger.submit(
      bookEvent({
        event: 'instantTransfer',
        entity: newId('transfer'),
        asset: 1,
        parties: { customer: ada.id, other: bob.id },
        amounts: { amount: 400_000n },
      }),
    );
    expect(paid.results.map(({ result }) => result)).toEqual(['ok']);
    await doubleSpend(2, otherwise);
    expect(await spendingBalance(ada.id)).toMatchObject({ posted: 0n, owed: 400_000n });
    expect(await spendingBalance(bob.id)).toMatchObject({ available: 400_000n });
    const again = await chain.house.give(treasury.id, ada.id);
    await chain.pay(again.address, 500_000n);
    await chain.mine(2);
    expect(await spendingBalance(ada.id)).toMatchObject({ posted: 100_000n, owed: 0n });
    expect(await chain.difference(treasury.id)).toBe(0n);
  });
});

describe('crashes', () => {
  test('between the chain and the books, and between every write and the ledger: credited once', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 300_000n);
    await chain.regtest.control.mine(2);
    // The worker dies after the chain step: its successor knows only the tables.
    await chain.follower.poll();
    chain.follower = chain.newFollower();
    const [deposit] = await chain.deposits(wallet.id);
    expect(deposit).toMatchObject({ state: 'detected' });
    const { ledger } = chain.house;
    const dying = (afterwards: boolean): typeof ledger =>
      new Proxy(ledger, {
        get: (target, name) =>
          name === 'submit'
            ? async (commands: Parameters<typeof ledger.submit>[0]) => {
                if (afterwards) await target.submit(commands);
                throw new Error('killed');
              }
            : (Reflect.get(target, name, target) as unknown),
      });
    for (let step = 0; step < 2; step++) {
      for (const afterwards of [false, true]) {
        const parts = { ...chain.depositParts, ledger: dying(afterwards) };
        await expect(stepDeposit(parts, deposit!.id)).rejects.toThrow('killed');
      }
      await stepDeposit(chain.depositParts, deposit!.id);
    }
    expect(await states(wallet.id)).toEqual(['credited/1']);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 300_000n, pending: 0n });
  });

  test('a reorganisation while a credit is under way: finished first, then taken back', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    const otherwise = await payRevocably(address, 200_000n);
    await chain.mine(1);
    await chain.regtest.control.mine(1);
    await chain.follower.poll();
    const [deposit] = await chain.deposits(wallet.id);
    const dead = new Proxy(chain.house.ledger, {
      get: () => () => Promise.reject(new Error('killed')),
    });
    await expect(stepDeposit({ ...chain.depositParts, ledger: dead }, deposit!.id)).rejects.toThrow('killed');
    expect((await chain.deposits(wallet.id))[0]).toMatchObject({ begun: { step: 'credit', cycle: 1 } });
    await doubleSpend(2, otherwise);
    expect(await states(wallet.id)).toEqual(['reversed/1']);
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 0n, owed: 0n });
  });

  test('a row that was lost comes back under its id and is not credited again', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 100_000n);
    await chain.mine(2);
    const client = chain.house.scene;
    const [before] = await chain.deposits(wallet.id);
    await client.query(`DELETE FROM app.deposit WHERE id = '${idToUuid(before!.id)}' RETURNING id`);
    await client.query(`DELETE FROM app.coin WHERE wallet_id = '${idToUuid(wallet.id)}' RETURNING txid`);
    const name = `again ${wallet.id}`;
    const again = chain.newFollower(name);
    await again.poll();
    const parts = { ...chain.depositParts, follower: name };
    while ((await stepDeposits(parts)) > 0);
    expect((await chain.deposits(wallet.id))[0]).toMatchObject({ id: before!.id, state: 'credited' });
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 100_000n });
  });

  test('two workers step the same deposits: every step once', async () => {
    const { customer, wallet } = await chain.house.vault();
    const given = await chain.house.give(wallet.id, customer.id);
    for (let index = 0; index < 5; index++) await chain.pay(given.address, 11_000n);
    await chain.regtest.control.mine(2);
    await chain.follower.poll();
    for (let round = 0; round < 3; round++) {
      await Promise.all([stepDeposits(chain.depositParts), stepDeposits(chain.depositParts)]);
    }
    expect(await vaultBalance(customer, wallet.id)).toMatchObject({ posted: 55_000n, pending: 0n });
    const credits = await chain.house.database.auditEntry.count({
      where: { action: 'deposit.credit', content: { contains: wallet.id } },
    });
    expect(credits).toBe(5);
  });
});
