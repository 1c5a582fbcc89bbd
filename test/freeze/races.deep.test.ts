import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { findBreaker } from '../../src/freeze/breaker-store.ts';
import { settleBreaker } from '../../src/freeze/index.ts';
import { requestDeepFreeze } from '../../src/freeze/request-deep-freeze.ts';
import type { RestrictionId } from '../../src/freeze/restriction.ts';
import { requestReset, tripBreaker } from '../../src/freeze/trip-breaker.ts';
import type { Intent, SigningBundle } from '../../src/intents/index.ts';
import { accountId } from '../../src/ledger/client/index.ts';
import { idToUuid, newId, type WithdrawalId } from '../../src/shared/index.ts';
import { awaitedBundles } from '../../src/withdrawals/index.ts';
import { House, pay, SOMEBODY, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';
import { racingPayment, untilInForce } from './racers.ts';

const SEEDS = Number(process.env['TRILOCK_RACE_SEEDS'] ?? '4');
/** Before the freeze and while it is made; then as many again when it is complete. */
const RACERS = 100;
const SPREAD_MS = 2_000;

let house: House;
let office: FrozenHouse;
let bob: Owner;

beforeAll(async () => {
  house = await House.open();
  office = new FrozenHouse(house);
  bob = await house.owner();
});
afterAll(() => house.close());

/** Park and Miller's minimal standard: the same order of events for the same seed, as far as the machine allows. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

interface Round {
  readonly ada: Owner;
  /** Signed by the customer, and waits for approvals. */
  readonly waiting: Intent;
  readonly half: WithdrawalId;
  readonly halfSigned: SigningBundle;
}

async function prepare(): Promise<Round> {
  const ada = await house.owner();
  await house.deposit(ada, 'spending', 200_000n);
  await house.deposit(ada, 'vault', 300_000n, 300_000n);
  const waiting = await house.ask(ada, { to: pay(50_000n) });
  await house.sign(ada, waiting.intent);
  const { id: half, intent } = await house.awaitingCosigner(ada, { to: pay(60_000n) });
  const awaited = await awaitedBundles(house.parts, {});
  const own = awaited.find(({ bundle }) => bundle.intents.some((one) => one.intent.id === intent.id));
  return { ada, half, waiting: waiting.intent, halfSigned: await house.signedBundle(own!.bundle) };
}

/** Whether it went through. */
type Racer = (round: Round) => Promise<boolean>;

const went = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

/** One worker at a time, as one process has. */
let working: Promise<boolean> | undefined;

const RACING: Readonly<Record<'transfer' | 'hold' | 'approval' | 'signature' | 'worker', Racer>> = {
  transfer: ({ ada }) =>
    racingPayment(house, { customer: ada.customer.id, other: bob.customer.id }).then(
      ({ done }) => done,
      () => false,
    ),
  hold: ({ ada }) => went(house.ask(ada, { to: pay(1_000n) }).then(({ intent }) => house.sign(ada, intent))),
  approval: ({ waiting }) => went(house.judge(waiting, 1)),
  signature: ({ halfSigned }) => went(house.chain.house.signer.sign({ bundle: halfSigned })),
  // Its steps take holds, build and sign; what it meets is none of this test's.
  worker: () => {
    working ??= went(house.settle()).finally(() => (working = undefined));
    return working.then(() => false);
  },
};
const KINDS = Object.keys(RACING) as (keyof typeof RACING)[];

function start(round: Round, next: (below: number) => number): Promise<{ kind: string; done: boolean }>[] {
  return Array.from({ length: RACERS }, async () => {
    const kind = KINDS[next(KINDS.length)] ?? 'transfer';
    await sleep(next(SPREAD_MS));
    return { kind, done: await RACING[kind](round) };
  });
}

interface Books {
  readonly posted: readonly bigint[];
  readonly pending: readonly bigint[];
  readonly withdrawals: number;
  readonly signatures: number;
}

async function books({ ada }: Round): Promise<Books> {
  const ids = [accountId('spending', 1, ada.customer.id), accountId('vault', 1, ada.vault.id)];
  const { value } = await house.chain.house.ledger.accounts(ids);
  return {
    posted: value.map((account) => account?.debitsPosted ?? 0n),
    pending: value.map((account) => account?.debitsPending ?? 0n),
    withdrawals: await house.database.withdrawal.count({
      where: { customerId: idToUuid(ada.customer.id) },
    }),
    signatures: await house.chain.house.scene.signatures(),
  };
}

/** How many withdrawals go on all the same; the one whose signature may have left before is none of them. */
async function goingOn({ ada, half }: Round): Promise<number> {
  return await house.database.withdrawal.count({
    where: {
      customerId: idToUuid(ada.customer.id),
      id: { not: idToUuid(half) },
      state: { in: ['approved', 'cooling_off', 'built', 'awaiting_cosigner', 'platform_signed'] },
    },
  });
}

const FREEZES: Readonly<
  Record<'case' | 'whole_lock' | 'deep_freeze' | 'breaker', (round: Round) => Promise<() => Promise<void>>>
> = {
  case: async ({ ada }) => {
    await untilInForce(office, await office.impose(ada.customer.id));
    return () => Promise.resolve();
  },
  whole_lock: async ({ ada: { customer } }) => {
    await untilInForce(office, await office.impose(customer.id, customer.id, 'whole_lock'));
    return () => Promise.resolve();
  },
  deep_freeze: async ({ ada }) => {
    const restriction = newId('restriction');
    const asked = {
      ...{ intent: newId('intent'), restriction, customer: ada.customer.id },
      ...{ requester: office.officers[0]!.id, text: 'Please call us.', reason: 'a race' },
    };
    const { intent } = await inTransaction(house.database, (tx) =>
      requestDeepFreeze(house.parts, tx, asked, SOMEBODY),
    );
    await office.signRequest(intent, 0);
    await house.judge(intent, 1);
    await office.settle().catch(() => undefined);
    await untilInForce(office, restriction);
    return () => Promise.resolve();
  },
  breaker: async () => {
    const asked = { id: newId('restriction'), trippedBy: newId('staff'), reason: 'a race' };
    const { id } = await inTransaction(house.database, (tx) =>
      tripBreaker(tx, house.parts.clock, asked, SOMEBODY),
    );
    while ((await findBreaker(house.database, id)).state !== 'in_force') {
      await settleBreaker(office.parts).catch((thrown: unknown) => {
        if ((thrown as { code?: string }).code !== 'restriction_not_acknowledged') throw thrown;
      });
    }
    return () => resetBreaker(id);
  },
};

async function resetBreaker(breaker: RestrictionId): Promise<void> {
  house.chain.house.scene.clock.advance(1_000);
  const words = { intent: newId('intent'), breaker, requester: office.officers[0]!.id, reason: 'over' };
  const { intent } = await inTransaction(house.database, (tx) =>
    requestReset({ ...house.parts }, tx, words, SOMEBODY),
  );
  await office.signRequest(intent, 0);
  await house.judge(intent, 1);
  while ((await findBreaker(house.database, breaker)).state !== 'released') await settleBreaker(office.parts);
}

const rounds = (['case', 'whole_lock', 'deep_freeze', 'breaker'] as const).flatMap((kind) =>
  Array.from({ length: SEEDS }, (_, at) => [kind, 1_000 + 17 * at] as const),
);

test.each(rounds)(
  'transfers, holds, approvals, signatures and the worker race a %s (seed %i): complete, nothing moves',
  async (kind, seed) => {
    const next = random(seed);
    const round = await prepare();
    const racing = start(round, next);
    await sleep(next(SPREAD_MS));
    const lift = await FREEZES[kind](round);
    // From this instant on.
    const before = await books(round);
    const late = await Promise.all(start(round, next));
    await Promise.all(racing);
    await house.settle();
    const after = await books(round);
    const through = late.filter(({ kind: what, done }) => done && what !== 'approval');
    expect(through, `seed ${seed}`).toEqual([]);
    expect(after.posted, `seed ${seed}`).toEqual(before.posted);
    expect(after.withdrawals, `seed ${seed}`).toBe(before.withdrawals);
    expect(after.signatures, `seed ${seed}`).toBe(before.signatures);
    // What is parked lets its hold go; nobody gets another.
    after.pending.forEach((pending, at) => expect(pending <= before.pending[at]!, `seed ${seed}`).toBe(true));
    // An approval is heard and does not count.
    expect(['open', 'approved', 'executed']).toContain(await house.intentState(round.waiting));
    for (let look = 0; look < 2; look++) {
      house.chain.house.scene.clock.advance(60_000);
      await house.settle();
    }
    expect(await goingOn(round), `seed ${seed}`).toBe(0);
    await lift();
  },
);
