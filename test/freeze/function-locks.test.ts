import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { requireAllowed } from '../../src/freeze/index.ts';
import { FUNCTIONS, type RestrictedFunction } from '../../src/freeze/restriction-kinds-contract.ts';
import type { RestrictionId } from '../../src/freeze/restriction.ts';
import { accountId, bookEvent } from '../../src/ledger/client/index.ts';
import { idToUuid, newId, type CustomerId } from '../../src/shared/index.ts';
import { awaitedBundles } from '../../src/withdrawals/index.ts';
import { passkeySigner } from '../fixtures/signing-keys.ts';
import { House, pay, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

let house: House;
let office: FrozenHouse;
let ada: Owner;
let bob: Owner;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  ada = await house.owner();
  bob = await house.owner();
  await house.deposit(ada, 'vault', 3_000_000n);
  await house.deposit(ada, 'spending', 2_000_000n);
});
afterAll(() => house.close());

async function codeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

/** What the ledger says to an instant payment that nobody checked before. */
async function payment(from: CustomerId, to: CustomerId): Promise<string | undefined> {
  const occurrence = {
    ...({ event: 'instantTransfer', entity: newId('transfer'), asset: 1 } as const),
    parties: { customer: from, other: to },
    amounts: { amount: 1_000n },
  };
  const { results } = await house.chain.house.ledger.submit(bookEvent(occurrence));
  return results[0]?.result;
}

/** Whether the spending account and the vault bear debits. */
async function frozen(): Promise<(boolean | undefined)[]> {
  const ids = [accountId('spending', 1, ada.customer.id), accountId('vault', 1, ada.vault.id)];
  const { value } = await house.chain.house.ledger.accounts(ids);
  return value.map((account) => account?.flags.frozen);
}

async function refused(): Promise<RestrictedFunction[]> {
  const found: RestrictedFunction[] = [];
  for (const wanted of FUNCTIONS) {
    const code = await codeOf(() => requireAllowed(house.database, ada.customer.id, wanted));
    if (code === 'account_restricted') found.push(wanted);
  }
  return found;
}

async function free(id: RestrictionId): Promise<void> {
  await office.release(id);
  expect(await frozen()).toEqual([false, false]);
}

describe('a customer who locks', () => {
  test('withdrawals: nothing on the chain moves, and instant payments go on', async () => {
    const { id, intent } = await house.awaitingCosigner(ada, { to: pay(120_000n) });
    const [awaited] = await awaitedBundles(house.parts, {});
    const signed = await house.signedBundle(awaited!.bundle);
    const lock = await office.locked(ada.customer.id, 'withdraw_lock');
    expect(await refused()).toEqual(['withdraw']);
    expect(await frozen()).toEqual([false, true]);
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('ok');
    expect(await codeOf(() => house.ask(ada, { to: pay(100_000n) }))).toBe('account_restricted');
    const { signer } = house.chain.house;
    expect(await codeOf(() => signer.sign({ bundle: signed }))).toBe('account_restricted');
    await house.later();
    await house.later();
    expect(await house.state(id)).toBe('awaiting_approval');
    await free(lock);
    await house.cancel(intent);
    await house.later();
    expect(await house.state(id)).toBe('cancelled');
  });

  test('payments: withdrawals go on, and what was let through before is waited for', async () => {
    const transfer = { id: idToUuid(newId('transfer')), senderId: idToUuid(ada.customer.id) };
    const recipientId = idToUuid(bob.customer.id);
    await house.database.transfer.create({
      data: { ...transfer, recipientId, amount: 5n, state: 'requested', requestedAt: new Date() },
    });
    const lock = await office.impose(ada.customer.id, ada.customer.id, 'transfer_lock');
    expect(await refused()).toEqual(['transfer']);
    expect(await codeOf(() => office.settle())).toBe('restriction_not_acknowledged');
    expect((await office.read(lock)).state).toBe('freezing');
    await house.database.transfer.update({
      where: { id: transfer.id },
      data: { state: 'refused', settledAt: new Date(), refusal: 'transfer_funds_insufficient' },
    });
    house.chain.house.scene.clock.advance(5_000);
    await office.settle();
    expect((await office.read(lock)).state).toBe('in_force');
    expect(await frozen()).toEqual([false, false]);
    const { id } = await house.broadcast(ada, { to: pay(120_000n) });
    expect(await house.state(id)).toBe('broadcast');
    await house.mine(6);
    await house.later();
    await free(lock);
  });

  test('both: the spending balance bears no debit until one of the two is lifted', async () => {
    const [first, second] = [
      await office.locked(ada.customer.id, 'withdraw_lock'),
      await office.locked(ada.customer.id, 'transfer_lock'),
    ];
    expect(await frozen()).toEqual([true, true]);
    expect(await payment(ada.customer.id, bob.customer.id)).toBe('debit_account_frozen');
    await office.release(first);
    expect(await frozen()).toEqual([false, false]);
    expect(await refused()).toEqual(['transfer']);
    await free(second);
  });

  test.each(['new_address', 'api', 'settings'] as const)('%s: only that is refused', async (locked) => {
    const lock = await office.locked(ada.customer.id, `${locked}_lock`);
    expect(await refused()).toEqual([locked]);
    expect(await frozen()).toEqual([false, false]);
    const { id, intent } = await house.awaitingCosigner(ada, { to: pay(90_000n) });
    const before = await house.signedBundle((await awaitedBundles(house.parts, {}))[0]!.bundle);
    await office.release(lock);
    // It concerned no signature, so what was approved meanwhile stays approved.
    expect(await codeOf(() => house.chain.house.signer.sign({ bundle: before }))).toBe('done');
    await house.cosign();
    await house.later();
    expect([await house.state(id), await house.intentState(intent)]).toEqual(['broadcast', 'executed']);
    await house.mine(6);
    await house.later();
  });
});

test('a request that found nothing is over before a restriction is written down', async () => {
  const { id } = ada.customer;
  let entered: () => void = () => undefined;
  let leave: () => void = () => undefined;
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const left = new Promise<void>((resolve) => (leave = resolve));
  const order: string[] = [];
  const request = inTransaction(house.database, async (tx) => {
    await requireAllowed(tx, id, 'withdraw');
    entered();
    await left;
    order.push('request');
  });
  await inside;
  const imposed = office.impose(id).then((restriction) => {
    order.push('restriction');
    return restriction;
  });
  setTimeout(() => leave(), 300);
  await Promise.all([request, imposed]);
  expect(order).toEqual(['request', 'restriction']);
  await office.settle();
  await free(await imposed);
});

describe('the master lock', () => {
  test('lifts the customer’s own lock, and only the lock that its statement names', async () => {
    const { customer } = ada;
    const file = await office.giveMasterLock(customer);
    const whole = await office.locked(customer.id, 'whole_lock');
    const other = await office.locked(customer.id, 'withdraw_lock');
    const statement = await office.statement(customer.id, whole, file);
    expect(await codeOf(() => office.unlock(other, statement))).toBe('statement_unfit');
    await office.unlock(whole, statement);
    expect((await office.read(whole)).state).toBe('released');
    expect((await office.read(other)).state).toBe('in_force');
    expect(await refused()).toEqual(['withdraw']);
    await office.unlock(other, await office.statement(customer.id, other, file));
    expect(await frozen()).toEqual([false, false]);
  });

  test('is the only key that does: another credential’s word leaves the lock in force', async () => {
    const { customer } = ada;
    const lock = await office.locked(customer.id, 'whole_lock');
    const forger = { id: customer.credential, signing: customer.signer };
    await office.unlock(lock, await office.statement(customer.id, lock, forger));
    expect((await office.read(lock)).state).toBe('in_force');
    const stranger = { id: newId('credential'), signing: passkeySigner() };
    await office.unlock(lock, await office.statement(customer.id, lock, stranger));
    expect(await office.read(lock)).toMatchObject({ state: 'in_force', releaseStatement: null });
    expect(await frozen()).toEqual([true, true]);
    await free(lock);
  });

  test('lifts no case of the institution, nor the lock of another customer', async () => {
    const held = await office.frozen(bob.customer.id);
    const file = { id: bob.customer.credential, signing: bob.customer.signer };
    const word = await office.statement(bob.customer.id, held, file);
    expect(await codeOf(() => office.unlock(held, word))).toBe('restriction_unknown');
    const lock = await office.locked(bob.customer.id, 'api_lock');
    const adas = { id: ada.customer.credential, signing: ada.customer.signer };
    const foreign = await office.statement(ada.customer.id, lock, adas);
    expect(await codeOf(() => office.unlock(lock, foreign))).toBe('restriction_unknown');
    await office.release(held);
    await office.release(lock);
  });
});
