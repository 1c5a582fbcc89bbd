import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { BREAKER_COMMANDS, decideBreaker, type BreakerCommand } from '../../src/freeze/breaker.ts';
import { findBreaker, liveBreaker } from '../../src/freeze/breaker-store.ts';
import { freezeMany, type BulkScope } from '../../src/freeze/bulk-freeze.ts';
import { requireAllowed, settleBreaker, watchOutflow } from '../../src/freeze/index.ts';
import { RESTRICTION_STATES, type RestrictionState } from '../../src/freeze/restriction-kinds-contract.ts';
import { requestReset, tripBreaker } from '../../src/freeze/trip-breaker.ts';
import { newId } from '../../src/shared/index.ts';
import { awaitedBundles, outflowSince } from '../../src/withdrawals/index.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';

const ALLOWED: readonly (readonly [RestrictionState, BreakerCommand, RestrictionState])[] = [
  ['freezing', 'acknowledge', 'in_force'],
  ['in_force', 'reset', 'releasing'],
  ['releasing', 'acknowledge', 'released'],
  ['releasing', 'refuse', 'in_force'],
];
const cells = RESTRICTION_STATES.flatMap((state) =>
  BREAKER_COMMANDS.map((command) => [state, command] as const),
);

test.each(cells)('a breaker that is %s, told to %s', (state, command) => {
  const next = ALLOWED.find(([from, by]) => from === state && by === command)?.[2];
  if (next === undefined) expect(() => decideBreaker(state, command)).toThrow('cannot take this step');
  else expect(decideBreaker(state, command)).toBe(next);
});

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

async function settled(): Promise<void> {
  for (let step = 0; step < 10; step++) if ((await settleBreaker(office.parts)) === 0) return;
}

const watch = (limitPerHour: bigint) =>
  watchOutflow({ database: house.database, clock: house.parts.clock, limitPerHour, outflowSince });

describe('the circuit breaker', () => {
  test('trips by itself on what has left within an hour, stops everybody, and is reset by a quorum alone', async () => {
    const { id } = await house.broadcast(ada, { to: pay(400_000n) });
    const { intent } = await house.awaitingCosigner(ada, { to: pay(100_000n) });
    const signed = await house.signedBundle((await awaitedBundles(house.parts, {}))[0]!.bundle);
    expect(await watch(400_000n)).toBe(0);
    expect(await watch(399_999n)).toBe(1);
    const breaker = (await liveBreaker(house.database))!;
    expect(breaker).toMatchObject({ state: 'freezing', trippedBy: 'worker' });
    expect(breaker.reason).toContain('400000 satoshis have left; 399999 an hour may');
    for (const { customer } of [ada, bob]) {
      expect(await codeOf(() => requireAllowed(house.database, customer.id, 'transfer'))).toBe(
        'breaker_tripped',
      );
      expect(await codeOf(() => requireAllowed(house.database, customer.id, 'settings'))).toBe('done');
    }
    await settled();
    expect((await findBreaker(house.database, breaker.id)).state).toBe('in_force');
    const { signer } = house.chain.house;
    expect(await codeOf(() => signer.sign({ bundle: signed }))).toBe('breaker_tripped');
    // Tripping it again changes nothing, whoever does it.
    const again = { id: newId('restriction'), trippedBy: newId('staff'), reason: 'me too' };
    const same = await inTransaction(house.database, (tx) =>
      tripBreaker(tx, house.parts.clock, again, SOMEBODY),
    );
    expect(same.id).toBe(breaker.id);
    expect(await watch(1n)).toBe(0);
    await house.later();
    await house.later();
    expect(await house.intentState(intent)).toBe('open');
    await reset(breaker.id);
    expect((await findBreaker(house.database, breaker.id)).state).toBe('released');
    // What left before counts no more, or it would trip at once.
    expect(await watch(1n)).toBe(0);
    expect(await codeOf(() => signer.sign({ bundle: signed }))).toMatch(
      /^(approval_before_release|transaction_abandoned)$/,
    );
    await house.cancel(intent);
    await house.later();
    await house.mine(6);
    expect(await house.state(id)).not.toBe('failed');
  });

  async function reset(
    breaker: Parameters<typeof requestReset>[2]['breaker'],
    approvers = [1],
  ): Promise<void> {
    house.chain.house.scene.clock.advance(1_000);
    const asked = {
      ...{ intent: newId('intent'), breaker, requester: office.officers[0]!.id },
      reason: 'We know the payee.',
    };
    const { intent } = await inTransaction(house.database, (tx) =>
      requestReset(house.parts, tx, asked, SOMEBODY),
    );
    await office.signRequest(intent, 0);
    for (const approver of approvers) await house.judge(intent, approver);
    await settled();
  }

  test('that one of staff has tripped is not reset at their own word', async () => {
    const [, tripper] = office.officers;
    house.chain.house.scene.clock.advance(1_000);
    const it = { id: newId('restriction'), trippedBy: tripper!.id, reason: 'a strange night' };
    await inTransaction(house.database, (tx) => tripBreaker(tx, house.parts.clock, it, SOMEBODY));
    await settled();
    const own = { intent: newId('intent'), breaker: it.id, requester: tripper!.id, reason: 'never mind' };
    const ask = () => inTransaction(house.database, (tx) => requestReset(house.parts, tx, own, SOMEBODY));
    expect(await codeOf(ask)).toBe('restriction_step_forbidden');
    expect(await codeOf(() => reset(it.id, [1]))).toBe('approver_is_requester');
    await settled();
    expect((await findBreaker(house.database, it.id)).state).toBe('in_force');
    await reset(it.id, [2]);
    expect((await findBreaker(house.database, it.id)).state).toBe('released');
  });
});

describe('a bulk freeze', () => {
  const WORDS = {
    ...({
      reasonCode: 'suspicious_activity',
      publicText: 'Please call us.',
      restrictedText: 'a wave',
    } as const),
    reviewAt: new Date('2030-01-01T00:00:00Z'),
  };

  async function freeze(scope: BulkScope) {
    const bulk = { ...WORDS, id: newId('restriction'), scope, openedBy: newId('staff') };
    return await inTransaction(house.database, (tx) => freezeMany(tx, house.parts.clock, bulk, SOMEBODY));
  }

  test('stops each of a list, and each is lifted on its own', async () => {
    const opened = await freeze({ customers: [ada.customer.id, bob.customer.id] });
    expect(opened).toHaveLength(2);
    await office.settle();
    for (const id of opened) expect((await office.read(id)).state).toBe('in_force');
    await office.release(opened[0]!);
    expect((await office.read(opened[1]!)).state).toBe('in_force');
    await office.release(opened[1]!);
  });

  test('stops whom a filter fits, or nobody when a name is wrong', async () => {
    const rows = await house.database.customer.findMany({
      select: { createdAt: true },
      orderBy: { createdAt: 'asc' },
    });
    const last = rows.at(-1)!.createdAt;
    const nobody = await freeze({ createdAfter: new Date(last.getTime() + 1) });
    expect(nobody).toEqual([]);
    expect(await freeze({ plan: 'collaborative' })).toEqual([]);
    const all = await freeze({ createdBefore: new Date(last.getTime() + 1), plan: 'custodial' });
    expect(all.length).toBeGreaterThanOrEqual(2);
    const before = await house.database.restriction.count();
    expect(await codeOf(() => freeze({ customers: [ada.customer.id, newId('customer')] }))).toBe(
      'customer_unknown',
    );
    expect(await house.database.restriction.count()).toBe(before);
  });
});
