import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { quarantineDeposit } from '../../src/deposits/quarantine-deposit.ts';
import { settleReceivables } from '../../src/deposits/index.ts';
import { stepDeposit } from '../../src/deposits/step-deposits.ts';
import { accountId, bookEvent, ledgerId, type PurposeName } from '../../src/ledger/client/index.ts';
import {
  idToUuid,
  ManualClock,
  newId,
  satoshis,
  type CustomerId,
  type WalletId,
} from '../../src/shared/index.ts';
import { explainAddress, readBalances, spendableCoins, type Wallet } from '../../src/wallets/index.ts';
import { buildSpend, OP_TRUE_SCRIPT } from '../chain/support/faucet-spends.ts';
import { ChainHouse } from '../wallets/custody-house.ts';

const STAFF = {
  actor: { kind: 'staff', id: newId('staff') },
  strength: 'passkey',
} as const;

let chain: ChainHouse;
let treasury: Wallet;

beforeAll(async () => {
  chain = await ChainHouse.open();
  treasury = await chain.house.treasury();
});
afterAll(() => chain.close());

async function flag(
  purpose: PurposeName,
  owner: CustomerId | WalletId,
  change: { set?: { frozen?: true; closed?: true }; clear?: { frozen?: true; closed?: true } },
): Promise<void> {
  const { results } = await chain.house.ledger.changeAccountFlags([
    { id: ledgerId(newId('transfer')), accountId: accountId(purpose, 1, owner), code: 1, ...change },
  ]);
  expect(results.map(({ result }) => result)).toEqual(['ok']);
}

async function claim(purpose: PurposeName, owner: CustomerId | WalletId): Promise<bigint> {
  const { value } = await chain.house.ledger.accounts([accountId(purpose, 1, owner)]);
  const credit = (value[0]?.creditsPosted ?? 0n) - (value[0]?.debitsPosted ?? 0n);
  return credit < 0n ? -credit : credit;
}

async function states(wallet: WalletId): Promise<string[]> {
  return (await chain.deposits(wallet)).map(({ state, quarantine }) => `${state} ${quarantine ?? 'clean'}`);
}

async function payRevocably(address: string, amount: bigint) {
  const coin = await chain.regtest.control.fund(OP_TRUE_SCRIPT, satoshis(amount + 1_000n));
  await chain.regtest.control.mine(1);
  const { address: given } = await explainAddress(chain.house.database, address, 'anybody');
  const outputs = [{ script: given.script, satoshis: amount }];
  await chain.node.broadcast(buildSpend({ coins: [coin], outputs }));
  const elsewhere = [{ script: OP_TRUE_SCRIPT, satoshis: amount - 20_000n }];
  return () => chain.node.broadcast(buildSpend({ coins: [coin], outputs: elsewhere }));
}

async function setAside(wallet: WalletId, reason = 'the sender is listed') {
  const [deposit] = await chain.deposits(wallet);
  return inTransaction(chain.house.database, (tx) =>
    quarantineDeposit(tx, chain.house.parts.clock, deposit!.id, STAFF, reason),
  );
}

describe('by hand', () => {
  test('a pending deposit goes to suspense, is never spendable, and its owner is not told why', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 80_000n);
    await chain.mine(1);
    expect(await setAside(wallet.id)).toMatchObject({ state: 'confirming', quarantine: 'review' });
    // Again changes nothing, and writes nothing.
    await setAside(wallet.id, 'again');
    await chain.mine(1);
    expect(await states(wallet.id)).toEqual(['quarantined review']);
    expect(await claim('vault', wallet.id)).toBe(0n);
    expect(await claim('vaultSuspense', wallet.id)).toBe(80_000n);
    expect(await spendableCoins(chain.house.database, wallet.id, 10_000, new Date())).toEqual([]);
    expect(await chain.difference(wallet.id)).toBe(0n);
    const [deposit] = await chain.deposits(wallet.id);
    const reasons = await chain.house.database.auditEntry.findMany({
      where: { action: 'deposit.set_aside', content: { contains: deposit!.id } },
    });
    expect(reasons).toHaveLength(1);
    expect(reasons[0]!.content).toContain('the sender is listed');
    const events = await chain.house.database.outboxEvent.findMany({ where: { subject: deposit!.id } });
    expect(events.filter(({ content }) => content.includes('listed'))).toEqual([]);
    expect(events.length).toBeGreaterThan(1);
  });

  test('what is credited, or just being credited, is not set aside', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 80_000n);
    await chain.mine(1);
    await chain.regtest.control.mine(1);
    await chain.follower.poll();
    const [deposit] = await chain.deposits(wallet.id);
    const dead = new Proxy(chain.house.ledger, { get: () => () => Promise.reject(new Error('killed')) });
    await expect(stepDeposit({ ...chain.depositParts, ledger: dead }, deposit!.id)).rejects.toThrow('killed');
    await expect(setAside(wallet.id)).rejects.toMatchObject({ code: 'deposit_step_forbidden' });
    await chain.settle();
    await expect(setAside(wallet.id)).rejects.toMatchObject({ code: 'deposit_step_forbidden' });
    expect(await claim('vault', wallet.id)).toBe(80_000n);
  });

  test('whoever writes to the table cannot have both: quarantined and credited', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 80_000n);
    await chain.mine(1);
    const { id } = await setAside(wallet.id);
    const { database } = chain.house;
    const change = (sql: string): Promise<unknown> =>
      database.$executeRawUnsafe(`UPDATE deposit SET ${sql} WHERE wallet_id = '${idToUuid(wallet.id)}'`);
    await expect(change(`state = 'credited', credited_at = now()`)).rejects.toThrow('deposit_credited_check');
    const begun = `begun_step = 'credit', begun_cycle = cycle, begun_block_hash = block_hash`;
    await expect(change(begun)).rejects.toThrow('deposit_begun_check');
    await expect(change(`satoshis = 90000`)).rejects.toThrow('permission denied');
    expect(id).toBe((await chain.deposits(wallet.id))[0]!.id);
  });

  test('taken back after its credit and set aside meanwhile: it comes back to suspense', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 80_000n);
    await chain.mine(2);
    await chain.regtest.control.disconnect(2);
    await chain.regtest.control.mine(3, Uint8Array.of(0x00, 0x20, ...new Uint8Array(32).fill(9)));
    await chain.follower.poll();
    const [deposit] = await chain.deposits(wallet.id);
    // One step: the credit is taken back, and not yet made again.
    await stepDeposit(chain.depositParts, deposit!.id);
    await setAside(wallet.id);
    await chain.settle();
    expect(await states(wallet.id)).toEqual(['quarantined review']);
    expect(await claim('vault', wallet.id)).toBe(0n);
    expect(await claim('vaultSuspense', wallet.id)).toBe(80_000n);
    expect(await chain.difference(wallet.id)).toBe(0n);
  });
});

describe('a frozen account', () => {
  test('takes deposits, and keeps them', async () => {
    const { customer, wallet } = await chain.house.vault();
    await flag('vault', wallet.id, { set: { frozen: true } });
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 80_000n);
    await chain.mine(2);
    expect(await states(wallet.id)).toEqual(['credited clean']);
    expect(await claim('vault', wallet.id)).toBe(80_000n);
    const taken = await chain.house.ledger.submit(
      bookEvent({
        ...{ event: 'vaultWithdrawalHeld', entity: newId('withdrawal'), asset: 1 },
        ...{ parties: { vaultWallet: wallet.id }, amounts: { amount: 1n } },
      }),
    );
    expect(taken.results.map(({ result }) => result)).toEqual(['debit_account_frozen']);
  });

  test('a credit is taken back: owed while it is frozen, paid when the freeze ends', async () => {
    const ada = await chain.house.customer();
    const { address } = await chain.house.give(treasury.id, ada.id);
    await chain.house.opened(treasury.id);
    await chain.settle();
    const otherwise = await payRevocably(address, 600_000n);
    await chain.mine(2);
    await flag('spending', ada.id, { set: { frozen: true } });
    await chain.regtest.control.disconnect(2);
    await otherwise();
    await chain.mine(3);
    const clock = new ManualClock(Date.now());
    const parts = { ...chain.depositParts, clock };
    expect(await settleReceivables(parts)).toBe(0);
    const owing = (await readBalances(chain.house.ledger, ada.id, [])).spending;
    expect(owing).toMatchObject({ posted: 600_000n, owed: 600_000n });
    await flag('spending', ada.id, { clear: { frozen: true } });
    clock.advance(61_000);
    expect(await settleReceivables(parts)).toBe(1);
    const paid = (await readBalances(chain.house.ledger, ada.id, [])).spending;
    expect(paid).toMatchObject({ posted: 0n, owed: 0n });
    clock.advance(61_000);
    expect(await settleReceivables(parts)).toBe(0);
    const open = await chain.house.database.deposit.count({ where: { settleAt: { not: null } } });
    expect(open).toBe(0);
    expect(await chain.difference(treasury.id)).toBe(0n);
  });

  test('what is owed is paid from a transfer that comes in, not only from deposits', async () => {
    const ada = await chain.house.customer();
    const bob = await chain.house.customer();
    const forAda = await chain.house.give(treasury.id, ada.id);
    const forBob = await chain.house.give(treasury.id, bob.id);
    await chain.house.opened(treasury.id);
    await chain.pay(forBob.address, 900_000n);
    await chain.mine(2);
    const otherwise = await payRevocably(forAda.address, 500_000n);
    await chain.mine(2);
    const move = async (from: CustomerId, to: CustomerId, amount: bigint): Promise<void> => {
      const parties = { customer: from, other: to };
      const occurrence = { event: 'instantTransfer', entity: newId('transfer'), asset: 1, parties } as const;
      await chain.house.ledger.submit(bookEvent({ ...occurrence, amounts: { amount } }));
    };
    await move(ada.id, bob.id, 500_000n);
    await chain.regtest.control.disconnect(2);
    await otherwise();
    await chain.mine(3);
    const clock = new ManualClock(Date.now());
    const parts = { ...chain.depositParts, clock };
    await settleReceivables(parts);
    await move(bob.id, ada.id, 200_000n);
    clock.advance(61_000);
    expect(await settleReceivables(parts)).toBe(1);
    expect((await readBalances(chain.house.ledger, ada.id, [])).spending).toMatchObject({
      posted: 0n,
      owed: 300_000n,
    });
    expect(await chain.difference(treasury.id)).toBe(0n);
  });
});

describe('a closed account', () => {
  test('takes nothing: its deposits wait in suspense, and leave it when their block goes', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await flag('vault', wallet.id, { set: { closed: true } });
    const otherwise = await payRevocably(address, 70_000n);
    await chain.mine(1);
    expect(await states(wallet.id)).toEqual(['quarantined account_closed']);
    expect(await claim('vaultSuspense', wallet.id)).toBe(70_000n);
    expect(await spendableCoins(chain.house.database, wallet.id, 10_000, new Date())).toEqual([]);
    expect(await chain.difference(wallet.id)).toBe(0n);
    await chain.regtest.control.disconnect(1);
    await otherwise();
    await chain.mine(2);
    expect(await states(wallet.id)).toEqual(['dropped account_closed']);
    expect(await claim('vaultSuspense', wallet.id)).toBe(0n);
    expect(await chain.difference(wallet.id)).toBe(0n);
  });

  test('closed after a credit was taken back: the deposit comes back to suspense', async () => {
    const { customer, wallet } = await chain.house.vault();
    const { address } = await chain.house.give(wallet.id, customer.id);
    await chain.pay(address, 70_000n);
    await chain.mine(2);
    await chain.regtest.control.disconnect(2);
    await chain.regtest.control.mine(3, Uint8Array.of(0x00, 0x20, ...new Uint8Array(32).fill(8)));
    await chain.follower.poll();
    const [deposit] = await chain.deposits(wallet.id);
    await stepDeposit(chain.depositParts, deposit!.id);
    await flag('vault', wallet.id, { set: { closed: true } });
    await chain.settle();
    expect(await states(wallet.id)).toEqual(['quarantined account_closed']);
    expect(await claim('vaultSuspense', wallet.id)).toBe(70_000n);
    expect(await chain.difference(wallet.id)).toBe(0n);
  });
});

test('the ledger did not know the account yet: the hold is tried again under another id', async () => {
  const ada = await chain.house.customer();
  // Given, and paid, before the worker has opened the spending account.
  const { address } = await chain.house.give(treasury.id, ada.id);
  await chain.pay(address, 60_000n);
  await chain.regtest.control.mine(1);
  await chain.settle();
  const before = (await chain.deposits(treasury.id)).at(-1)!;
  expect(before).toMatchObject({ state: 'detected', refusals: 1, holdTry: 1 });
  await chain.house.opened(treasury.id);
  const clock = new ManualClock(Date.now() + 10_000);
  await chain.mine(1);
  while (await stepDeposit({ ...chain.depositParts, clock }, before.id));
  expect((await chain.deposits(treasury.id)).at(-1)).toMatchObject({ id: before.id, state: 'credited' });
  expect((await readBalances(chain.house.ledger, ada.id, [])).spending).toMatchObject({ posted: 60_000n });
  expect(await chain.difference(treasury.id)).toBe(0n);
});
