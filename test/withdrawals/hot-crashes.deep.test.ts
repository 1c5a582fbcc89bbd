// The worker dies at every call to the outside, also between the two signatures of the hot wallet: one payout comes of it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Wallet } from '../../src/wallets/index.ts';
import { dying } from './support/crashes.ts';
import { House, pay, type Owner } from './support/house.ts';

let house: House;
let hot: Wallet;
let ada: Owner;
beforeAll(async () => {
  house = await House.open(undefined, undefined, undefined, true);
  hot = await house.chain.house.treasury('treasury_hot');
  ada = await house.owner();
  for (let coin = 0; coin < 4; coin++) {
    const { address } = await house.chain.house.give(hot.id, ada.customer.id);
    await house.chain.pay(address, 900_000n);
  }
  await house.mine(6);
});
afterAll(() => house.close());

/** A payout by a worker that dies once and is started again. @returns whether it outlived its calls. */
async function survive(nth: number, when: 'before' | 'after'): Promise<boolean> {
  const { parts, calls } = dying(house.parts, nth, when);
  const { id, intent } = await house.ask(ada, { balance: 'spending', to: pay(50_000n) });
  expect(intent.body.wallet).toBe(hot.id);
  const run = async (): Promise<void> => {
    await house.settle(parts);
    house.chain.house.scene.clock.advance(5_000);
    await house.settle(parts);
  };
  await house.sign(ada, intent);
  await run();
  await house.judge(intent);
  await run();
  await run();
  await house.mine();
  await run();
  await house.later();
  const row = await house.row(id);
  expect(row).toMatchObject({ state: 'confirmed', confirmedCycle: 1 });
  expect(row.payout!.transactions).toHaveLength(1);
  expect(await house.difference(hot.id)).toBe(0n);
  return calls() >= nth;
}

test.each(['before', 'after'] as const)('it dies %s each call, and is started again', async (when) => {
  let nth = 1;
  while (await survive(nth, when)) nth++;
  // Hold, both signatures, post, send, confirm, and what else there is.
  expect(nth).toBeGreaterThan(6);
});
