import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { findBreaker } from '../../src/freeze/breaker-store.ts';
import { closeOwnAccount } from '../../src/freeze/close-account.ts';
import { settleBreaker } from '../../src/freeze/index.ts';
import { requestDeepFreeze } from '../../src/freeze/request-deep-freeze.ts';
import { requestReset, tripBreaker } from '../../src/freeze/trip-breaker.ts';
import type { WithdrawalIntent } from '../../src/intents/index.ts';
import { newId, type WithdrawalId } from '../../src/shared/index.ts';
import { stepWithdrawals } from '../../src/withdrawals/index.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

let house: House;
let office: FrozenHouse;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
});
afterAll(() => house.close());

interface InFlight {
  readonly id: WithdrawalId;
  readonly intent: WithdrawalIntent;
}

/** The worker, one step at a time, until the withdrawal is there. */
async function stepUntil({ id }: InFlight, state: string): Promise<void> {
  const failures: unknown[] = [];
  for (let step = 0; step < 20; step++) {
    if ((await house.state(id)) === state) return;
    await stepWithdrawals(house.parts, (thrown) => failures.push(thrown));
    if (failures.length > 0) throw failures[0];
  }
  throw new Error(`it never became ${state}, but ${await house.state(id)}`);
}

async function queued(owner: Owner, amount = 50_000n): Promise<InFlight> {
  const asked = await house.ask(owner, { to: pay(amount) });
  await house.sign(owner, asked.intent);
  return asked;
}

async function waiting(owner: Owner, amount?: bigint): Promise<InFlight> {
  const asked = await queued(owner, amount);
  await stepUntil(asked, 'awaiting_approval');
  return asked;
}

const LARGE = 1_100_000n;

/** How a withdrawal comes to each stage. */
const STAGES = {
  queued: (owner: Owner) => queued(owner),
  'awaiting approval': (owner: Owner) => waiting(owner),
  approved: async (owner: Owner) => {
    const asked = await waiting(owner);
    await house.judge(asked.intent);
    await stepUntil(asked, 'approved');
    return asked;
  },
  'cooling off': async (owner: Owner) => {
    const asked = await waiting(owner, LARGE);
    await house.judge(asked.intent);
    await house.judge(asked.intent, 2);
    await stepUntil(asked, 'cooling_off');
    return asked;
  },
  built: async (owner: Owner) => {
    const asked = await waiting(owner);
    await house.judge(asked.intent);
    await stepUntil(asked, 'built');
    return asked;
  },
  'awaiting cosigner': (owner: Owner) => house.awaitingCosigner(owner, { to: pay(50_000n) }),
  'half signed': async (owner: Owner) => {
    const asked = await house.awaitingCosigner(owner, { to: pay(50_000n) });
    await house.cosign();
    return asked;
  },
  'platform signed': async (owner: Owner) => {
    const asked = await house.awaitingCosigner(owner, { to: pay(50_000n) });
    await house.cosign();
    await stepUntil(asked, 'platform_signed');
    return asked;
  },
  broadcast: (owner: Owner) => house.broadcast(owner, { to: pay(50_000n) }),
} as const;
type Stage = keyof typeof STAGES;

/** Afterwards nobody decides for the customer again, or it goes on and people hear of it. */
const GOES_ON: ReadonlySet<Stage> = new Set(['platform signed', 'broadcast']);

async function breakerInForce(): Promise<() => Promise<void>> {
  const asked = { id: newId('restriction'), trippedBy: newId('staff'), reason: 'the matrix' };
  const { id } = await inTransaction(house.database, (tx) =>
    tripBreaker(tx, house.parts.clock, asked, SOMEBODY),
  );
  for (let step = 0; step < 10; step++) await settleBreaker(office.parts);
  expect((await findBreaker(house.database, id)).state).toBe('in_force');
  return async () => {
    house.chain.house.scene.clock.advance(1_000);
    const words = { intent: newId('intent'), breaker: id, requester: office.officers[0]!.id, reason: 'over' };
    const { intent } = await inTransaction(house.database, (tx) =>
      requestReset({ ...house.parts }, tx, words, SOMEBODY),
    );
    await office.signRequest(intent, 0);
    await house.judge(intent, 1);
    for (let step = 0; step < 10; step++) await settleBreaker(office.parts);
    expect((await findBreaker(house.database, id)).state).toBe('released');
  };
}

async function deeplyFrozen(owner: Owner): Promise<null> {
  house.chain.house.scene.clock.advance(1_000);
  const restriction = newId('restriction');
  const asked = {
    ...{ intent: newId('intent'), restriction, customer: owner.customer.id },
    ...{ requester: office.officers[0]!.id, text: 'Please call us.', reason: 'the matrix' },
  };
  const { intent } = await inTransaction(house.database, (tx) =>
    requestDeepFreeze(house.parts, tx, asked, SOMEBODY),
  );
  await office.signRequest(intent, 0);
  await house.judge(intent, 1);
  await office.settle();
  expect((await office.read(restriction)).state).toBe('in_force');
  return null;
}

async function lockedBy(owner: Owner, kind: 'whole_lock' | 'withdraw_lock'): Promise<() => Promise<void>> {
  const id = await office.locked(owner.customer.id, kind);
  return () => office.release(id);
}

/** Every restriction that stops withdrawals, and how it is lifted; null where that takes days. */
const RESTRICTIONS: Readonly<Record<string, (owner: Owner) => Promise<(() => Promise<void>) | null>>> = {
  case: async ({ customer }) => {
    const id = await office.frozen(customer.id);
    return () => office.release(id);
  },
  whole_lock: (owner) => lockedBy(owner, 'whole_lock'),
  withdraw_lock: (owner) => lockedBy(owner, 'withdraw_lock'),
  deep_freeze: deeplyFrozen,
  breaker: breakerInForce,
};

async function alertsOf(id: WithdrawalId): Promise<readonly string[]> {
  const rows = await house.database.outboxEvent.findMany({ where: { type: 'alert.raised', subject: id } });
  return rows.map(({ content }) => (JSON.parse(content) as { data: { code: string } }).data.code);
}

const stages = Object.keys(STAGES) as Stage[];

describe.each(Object.keys(RESTRICTIONS))('a %s that comes upon a withdrawal', (kind) => {
  test.each(stages)('%s', async (stage) => {
    const owner = await house.owner();
    await house.deposit(owner, 'vault', 1_500_000n);
    const flight = await STAGES[stage](owner);
    const lift = await RESTRICTIONS[kind]!(owner);
    await house.later();
    await house.later();
    if (GOES_ON.has(stage)) {
      expect(await house.state(flight.id)).toBe('broadcast');
      // The breaker stops what comes; what has left is why it tripped.
      if (kind !== 'breaker') expect(await alertsOf(flight.id)).toContain('frozen_after_broadcast');
      await house.mine(6);
      await house.later();
      expect(await house.state(flight.id)).toBe('confirmed');
    } else {
      expect(await house.state(flight.id)).toMatch(/^(requested|screened|awaiting_approval)$/);
      expect(await house.intentState(flight.intent)).toBe('open');
    }
    expect(await house.difference(owner.vault.id)).toBe(0n);
    if (lift === null) return;
    await lift();
    if (GOES_ON.has(stage)) return;
    await house.later();
    // Nothing of before counts: it takes people again.
    expect(await house.state(flight.id)).toBe('awaiting_approval');
    await house.cancel(flight.intent);
    await house.later();
    expect(await house.state(flight.id)).toBe('cancelled');
    const { posted, available } = await house.balance('vault', owner.vault.id);
    expect(available).toBe(posted);
  });
});

test.each(stages)('an account with a withdrawal that is %s is not closed', async (stage) => {
  const owner = await house.owner();
  await house.deposit(owner, 'vault', 1_500_000n);
  const { id } = await STAGES[stage](owner);
  const closing = { id: newId('restriction'), customer: owner.customer.id };
  await inTransaction(house.database, (tx) => closeOwnAccount(tx, house.parts.clock, closing, SOMEBODY));
  await office.settle();
  expect((await office.read(closing.id)).state).toBe('released');
  expect(await house.state(id)).not.toBe('failed');
});
