import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '../../src/database/index.ts';
import { connect } from '../../src/postgres/index.ts';
import { stepWithdrawals } from '../../src/withdrawals/index.ts';
import { House, pay, type Owner } from '../withdrawals/support/house.ts';

let house: House;
let ada: Owner;

beforeAll(async () => {
  house = await House.open();
  ada = await house.owner();
  await house.deposit(ada, 'vault', 900_000n);
});
afterAll(() => house.close());

/** The database ends every session of a program, as when its host is cut off. */
async function cutOff(applicationName: string): Promise<void> {
  const client = await connect(house.chain.house.scene.database.superuser);
  try {
    await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      applicationName,
    ]);
  } finally {
    await client.end();
  }
}

it('a hold that is still on its way when its withdrawal has ended holds nothing', async () => {
  const { database, ledger } = house.parts;
  const applicationName = 'worker that lost its turn';
  const cut = openDatabase(house.chain.house.scene.database.app, { applicationName });
  let leave = (): void => undefined;
  let arrive = (): void => undefined;
  const onItsWay = new Promise<void>((resolve) => (leave = resolve));
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  const slow: Pick<typeof ledger, 'transfer'> = {
    transfer: async (transfers) => {
      leave();
      await arrived;
      return await ledger.transfer(transfers);
    },
  };
  const before = await house.balance('vault', ada.vault.id);
  const { id, intent } = await house.ask(ada, { to: pay(100_000n) });
  await house.sign(ada, intent);
  const step = stepWithdrawals({ ...house.parts, database: cut, ledger: slow }, () => undefined);
  await onItsWay;
  await cutOff(applicationName);
  await house.cancel(intent);
  await house.carryOn();
  expect(await house.state(id)).toBe('cancelled');
  arrive();
  await step.catch(() => undefined);
  expect(await house.balance('vault', ada.vault.id)).toEqual(before);
  expect(await database.withdrawal.count({ where: { state: 'cancelled' } })).toBe(1);
  await cut.$disconnect();
});
