import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RestrictionKind } from '../../src/intents/index.ts';
import { newId } from '../../src/shared/index.ts';
import { awaitedBundles } from '../../src/withdrawals/index.ts';
import { House, pay, type Owner } from '../withdrawals/support/house.ts';
import { FrozenHouse } from './frozen-house.ts';
import { racingPayment, spentOf, untilInForce, type Moved } from './racers.ts';

const ROUNDS = 3;
const PAYMENTS = 40;

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

const payment = (): Promise<Moved> =>
  racingPayment(house, { customer: ada.customer.id, other: bob.customer.id });

const spent = (): Promise<bigint> => spentOf(house, ada.customer.id);

test.each(['case', 'whole_lock', 'transfer_lock'] as const satisfies readonly RestrictionKind[])(
  'payments race a %s: from the instant at which it is in force nothing moves',
  async (kind) => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id: customer } = ada.customer;
      const racing = Array.from({ length: PAYMENTS }, () => payment());
      const imposing = office.impose(customer, kind === 'case' ? newId('staff') : customer, kind);
      const late = imposing.then(() => Promise.all(Array.from({ length: PAYMENTS }, () => payment())));
      const id = await imposing;
      await untilInForce(office, id);
      const before = await spent();
      const inForceAt = performance.now();
      const moved = [...(await Promise.all(racing)), ...(await late)];
      const after = await Promise.all(Array.from({ length: 10 }, () => payment()));
      expect(await spent()).toBe(before);
      expect(after.filter(({ done }) => done)).toEqual([]);
      // Whatever was booked was booked before; its answer alone may have come later.
      expect((await late).filter(({ done }) => done)).toEqual([]);
      expect(moved.length).toBe(2 * PAYMENTS);
      expect(inForceAt).toBeGreaterThan(0);
      await office.release(id);
    }
  },
);

test('signatures race a case: one that was not written down before is never given', async () => {
  const { signer } = house.chain.house;
  const { intent } = await house.awaitingCosigner(ada, { to: pay(70_000n) });
  const bundle = await house.signedBundle((await awaitedBundles(house.parts, {}))[0]!.bundle);
  const sign = () =>
    signer.sign({ bundle }).then(
      () => ({ signed: true, at: performance.now() }),
      () => ({ signed: false, at: performance.now() }),
    );
  const racing = Array.from({ length: 6 }, sign);
  const restriction = newId('restriction');
  const { id: customer } = ada.customer;
  const told = signer.restrict({ restriction, customer, kind: 'case', openedBy: newId('staff') });
  const late = told.then(() => Promise.all(Array.from({ length: 6 }, sign)));
  await Promise.all(racing);
  expect((await late).filter(({ signed }) => signed)).toEqual([]);
  expect(intent.kind).toBe('withdrawal');
});
