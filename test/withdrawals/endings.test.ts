import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { intentHash } from '../../src/intents/index.ts';
import { isDomainError } from '../../src/shared/index.ts';
import { House, pay, type Owner } from './support/house.ts';

let house: House;
let ada: Owner;
let bob: Owner;
beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  bob = await house.owner();
  await house.deposit(ada, 'vault', 1_000_000n, 1_000_000n);
});
afterAll(() => house.close());

async function available(): Promise<bigint> {
  return (await house.balance('vault', ada.vault.id)).available;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (thrown) {
    if (!isDomainError(thrown)) throw thrown;
    return thrown.code;
  }
}

describe('a withdrawal that is not paid gives everything back', () => {
  test('the balance does not cover it: failed, in words, and gone from the queue', async () => {
    const before = await available();
    const { id, intent } = await house.ask(ada, { to: pay(40_000_000n) });
    await house.sign(ada, intent);
    await house.carryOn();
    expect(await house.row(id)).toMatchObject({
      state: 'failed',
      endReason: 'The balance does not cover the amount and the highest network fee.',
    });
    expect(await house.intentState(intent)).toBe('rejected');
    expect(await available()).toBe(before);
  });

  test('policy denies the amount: rejected before anybody is asked', async () => {
    const { id, intent } = await house.ask(ada, { to: pay(60_000_000n) });
    await house.deposit(ada, 'vault', 61_000_000n);
    const before = await available();
    await house.sign(ada, intent);
    await house.carryOn();
    expect(await house.row(id)).toMatchObject({ state: 'rejected' });
    expect(await available()).toBe(before);
  });

  test('an approver rejects it, with a reason', async () => {
    const before = await available();
    const { id, intent } = await house.ask(ada, { to: pay(100_000n) });
    await house.sign(ada, intent);
    await house.carryOn();
    await house.judge(intent, 1, 'reject');
    await house.carryOn();
    expect(await house.row(id)).toMatchObject({ state: 'rejected', endReason: 'not today' });
    expect(await available()).toBe(before);
    expect(await codeOf(house.judge(intent, 0))).toBe('queued_intent_settled');
  });

  test('cancelled while the station may have signed: revoked in the signer first, coins free again', async () => {
    const before = await available();
    const { id, intent } = await house.awaitingCosigner(ada, { to: pay(100_000n) });
    const row = await house.row(id);
    const kept = row.payout!.inputs.map(({ txid }) => txid);
    await house.cancel(intent);
    await house.carryOn();
    expect(await house.row(id)).toMatchObject({ state: 'cancelled', payoutId: null });
    expect(await available()).toBe(before);
    const coins = await house.database.coin.findMany({ where: { txid: { in: kept } } });
    expect(coins.every(({ reservedFor }) => reservedFor === null)).toBe(true);
    // The signer will not sign it, whatever anybody sends.
    const { signed } = await house.parts.cosigner.revoke(intentHash(intent), 'again');
    expect(signed).toEqual([]);
  });

  test('expired, whether approved or not', async () => {
    const before = await available();
    const early = await house.ask(ada, { to: pay(100_000n), lifetimeMs: 3_600_000 });
    await house.sign(ada, early.intent);
    const { id } = await house.awaitingCosigner(ada, { to: pay(120_000n), lifetimeMs: 3_600_000 });
    await house.later(3_600_000);
    expect(await house.state(early.id)).toBe('expired');
    expect(await house.state(id)).toBe('expired');
    expect(await available()).toBe(before);
    expect(await codeOf(house.judge(early.intent))).toBe('queued_intent_settled');
  });

  test('a draft that nobody signs is cancelled after a day', async () => {
    const { id } = await house.ask(ada, { to: pay(100_000n), lifetimeMs: 100 * 3_600_000 });
    await house.later(25 * 3_600_000);
    expect(await house.state(id)).toBe('cancelled');
  });
});

describe('what may be signed', () => {
  test('two withdrawals race for one balance: one is held, the other fails', async () => {
    await house.deposit(bob, 'vault', 700_000n);
    const asked = [await house.ask(bob, { to: pay(500_000n) }), await house.ask(bob, { to: pay(500_000n) })];
    await Promise.all(asked.map(({ intent }) => house.sign(bob, intent)));
    await Promise.all([house.settle(), house.settle()]);
    const states = await Promise.all(asked.map(({ id }) => house.state(id)));
    expect(states.sort()).toEqual(['awaiting_approval', 'failed']);
  });

  test('approve and cancel race: either it is paid or it is not, never both', async () => {
    for (let round = 0; round < 4; round++) {
      const before = await available();
      const { id, intent } = await house.ask(ada, { to: pay(100_000n) });
      await house.sign(ada, intent);
      await house.carryOn();
      const outcomes = await Promise.all([codeOf(house.judge(intent)), codeOf(house.cancel(intent))]);
      await house.carryOn();
      expect(outcomes[1]).toBe('done');
      expect(await house.state(id)).toBe('cancelled');
      expect(await available()).toBe(before);
    }
  });

  test('a cancel after the signer was asked is refused, and the withdrawal is paid', async () => {
    const { id, intent } = await house.broadcast(ada, { to: pay(100_000n) });
    expect(await codeOf(house.cancel(intent))).toBe('queued_intent_settled');
    await house.mine();
    await house.later();
    expect(await house.state(id)).toBe('confirmed');
    expect(await house.difference(ada.vault.id)).toBe(0n);
  });

  test('larger amounts need two people, one with a key file, and cool off', async () => {
    const { id, intent } = await house.ask(ada, { to: pay(3_000_000n) });
    await house.sign(ada, intent);
    await house.carryOn();
    await house.judge(intent, 0);
    await house.judge(intent, 1);
    await house.carryOn();
    // Two passkeys: nobody has rendered the bytes alone.
    expect(await house.state(id)).toBe('awaiting_approval');
    await house.judge(intent, 2);
    await house.carryOn();
    expect(await house.state(id)).toBe('cooling_off');
    await house.later(3_600_000);
    expect(await house.state(id)).toBe('awaiting_cosigner');
    await house.cancel(intent);
    await house.carryOn();
  });

  test('nobody but the customer signs the request, and nobody approves twice or for another', async () => {
    const { intent } = await house.ask(ada, { to: pay(100_000n) });
    expect(await codeOf(house.sign(bob, intent))).toBe('request_not_signed_by_customer');
    expect(await codeOf(house.judge(intent))).toBe('queued_intent_not_signed');
    await house.sign(ada, intent);
    const approval = house.approvalBy(intent, 0);
    const stolen = {
      ...approval,
      statement: { ...approval.statement, approver: house.approvalBy(intent, 1).statement.approver },
    };
    const submit = (word: typeof approval, by: string): Promise<string> =>
      codeOf(house.submitWord(intent, word, by));
    expect(await submit(approval, stolen.statement.approver)).toBe('approval_of_another');
    expect(await submit(stolen, stolen.statement.approver)).toBe('signature_wrong');
    await house.cancel(intent);
    await house.carryOn();
  });
});
