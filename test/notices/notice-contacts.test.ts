import { afterAll, beforeAll, expect, it } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { addressesOf, changePhone } from '../../src/notices/notice-contacts.ts';
import { idToUuid, ManualClock, newId, type CustomerId } from '../../src/shared/index.ts';
import { openScene, type Scene } from '../audit/scene.ts';

const DAY_MS = 86_400_000;
let scene: Scene;
let ada: CustomerId;
const clock = new ManualClock(Date.now());
beforeAll(async () => {
  scene = await openScene();
  ada = newId('customer');
  await scene.database.customer.create({
    data: { id: idToUuid(ada), email: 'ada@example.com', displayName: 'Ada', createdAt: new Date() },
  });
});
afterAll(() => scene.close());

async function change(number: string | null): Promise<void> {
  const by = { actor: { kind: 'customer', id: ada }, strength: 'password' } as const;
  await inTransaction(scene.database, (tx) => changePhone(tx, clock, { customer: ada, number }, by));
}

async function numbers(): Promise<string[]> {
  const found = await addressesOf(scene.database, ada, new Date(clock.nowMs()));
  return found.filter(({ channel }) => channel === 'sms').map(({ address }) => address);
}

it('whoever replaces or removes a number cannot do so unheard: the old one is told for a week', async () => {
  await change('+12025550101');
  clock.advance(DAY_MS);
  await change('+12025550102');
  expect((await numbers()).sort()).toEqual(['+12025550101', '+12025550102']);
  await change('+12025550102');
  clock.advance(6 * DAY_MS);
  expect((await numbers()).length).toBe(2);
  clock.advance(DAY_MS);
  expect(await numbers()).toEqual(['+12025550102']);
  await change(null);
  expect(await numbers()).toEqual(['+12025550102']);
  clock.advance(7 * DAY_MS);
  expect(await numbers()).toEqual([]);
  const told = await scene.database.outboxEvent.findMany({ where: { type: 'contact.changed' } });
  expect(told.map(({ content }) => (JSON.parse(content) as { data: unknown }).data)).toEqual([
    { channel: 'sms', ending: '0101' },
    { channel: 'sms', ending: '0102' },
    { channel: 'sms', ending: null },
  ]);
});
