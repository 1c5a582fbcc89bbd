// Published hours of the station: what it signs gathers for them, lives until after them, and people are told of them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inTransaction } from '../../src/database/index.ts';
import { lastWindow, parseWeeklyWindows, windowToCome, type WithdrawalId } from '../../src/shared/index.ts';
import { findWithdrawal } from '../../src/withdrawals/withdrawal-store.ts';
import { viewWithdrawal, waitingForStation, windowWatch } from '../../src/withdrawals/index.ts';
import { House, pay, type Owner } from './support/house.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WEEK_MS = 7 * 24 * HOUR_MS;

let house: House;
let ada: Owner;
beforeAll(async () => {
  house = await House.open(undefined, { waitMs: MINUTE_MS, size: 10 });
  ada = await house.owner();
  await house.deposit(ada, 'vault', 900_000n, 900_000n);
});
afterAll(() => house.close());

function nowMs(): number {
  return house.parts.clock.nowMs();
}

/** One hour a week, to open in so many hours. */
function publish(inHours: number): { readonly opensAtMs: number; readonly closesAtMs: number } {
  const opens = new Date(nowMs() + inHours * HOUR_MS);
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][opens.getUTCDay()]!;
  const hour = (time: number): string => String(time).padStart(2, '0');
  const from = opens.getUTCHours();
  const coldWindows = parseWeeklyWindows(`${day} ${hour(from)}:00-${hour(from + 1)}:00`);
  Object.assign(house.parts, { coldWindows });
  return windowToCome(coldWindows, nowMs());
}

async function until(timeMs: number): Promise<void> {
  house.chain.house.scene.clock.advance(timeMs - nowMs());
  await house.carryOn();
}

async function viewOf(id: WithdrawalId) {
  return await inTransaction(house.database, async (tx) =>
    viewWithdrawal(house.parts, tx, await findWithdrawal(tx, id)),
  );
}

async function approved(amount: bigint, owner = ada): Promise<WithdrawalId> {
  const { id, intent } = await house.ask(owner, { to: pay(amount) });
  await house.sign(owner, intent);
  await house.carryOn();
  await house.judge(intent);
  await house.carryOn();
  return id;
}

/** What operators were told of windows, in order. */
async function told(): Promise<string[]> {
  const rows = await house.database.outboxEvent.findMany({
    where: { type: 'alert.raised' },
    orderBy: { id: 'asc' },
  });
  const codes = rows.map(({ content }) => (JSON.parse(content) as { data: { code: string } }).data.code);
  return codes.filter((code) => code.startsWith('cold_window'));
}

test('withdrawals gather for the next window, outlive it, are built together shortly before, and people are told once', async () => {
  const { opensAtMs, closesAtMs } = publish(30);
  const ids = [await approved(200_000n), await approved(210_000n)];
  for (const id of ids) {
    const { state, nextColdWindow, expiresAt } = await viewOf(id);
    expect({ state, nextColdWindow }).toEqual({
      state: 'approved',
      nextColdWindow: { opensAt: new Date(opensAtMs), closesAt: new Date(closesAtMs) },
    });
    // Asked for a day, it would have expired before.
    expect(expiresAt.getTime()).toBeGreaterThan(closesAtMs);
  }
  const watch = windowWatch(house.parts);
  await until(opensAtMs - 31 * MINUTE_MS);
  expect((await house.row(ids[0]!)).payout).toBeNull();
  await watch();
  await until(opensAtMs - 29 * MINUTE_MS);
  await house.later(2 * MINUTE_MS);
  const [one, other] = await Promise.all(ids.map((id) => house.row(id)));
  expect(one).toMatchObject({ state: 'awaiting_cosigner', payoutId: other!.payoutId });
  await watch();
  expect(await told()).toEqual([]);
  expect(await waitingForStation(house.parts)).toBe(1);
  await until(opensAtMs + MINUTE_MS);
  await watch();
  await windowWatch(house.parts)();
  expect(await told()).toEqual(['cold_window_open']);
  expect(await house.cosign()).toBe(1);
  await house.carryOn();
  expect((await viewOf(ids[0]!)).nextColdWindow).toBeNull();
  await house.mine();
  await until(closesAtMs + MINUTE_MS);
  await watch();
  expect(await told()).toEqual(['cold_window_open']);
  expect(await waitingForStation(house.parts)).toBe(0);
  expect(await Promise.all(ids.map((id) => house.state(id)))).toEqual(['confirmed', 'confirmed']);
});

test('a window that passes while payouts wait is an alarm, once, also when no worker ran meanwhile', async () => {
  const { opensAtMs, closesAtMs } = publish(2);
  await approved(200_000n);
  await until(opensAtMs - MINUTE_MS);
  await house.later(2 * MINUTE_MS);
  house.chain.house.scene.clock.advance(closesAtMs + HOUR_MS - nowMs());
  expect(lastWindow(house.parts.coldWindows!, nowMs()).opensAtMs).toBe(opensAtMs);
  await windowWatch(house.parts)();
  await windowWatch(house.parts)();
  expect((await told()).slice(1)).toEqual(['cold_window_missed']);
  const rows = await house.database.coldWindow.findMany({ orderBy: { opensAt: 'desc' }, take: 1 });
  expect(rows).toMatchObject([{ opensAt: new Date(opensAtMs), toldAt: null }]);
  // The next one is a week later.
  expect(windowToCome(house.parts.coldWindows!, nowMs()).opensAtMs).toBe(opensAtMs + WEEK_MS);
});

test('a wallet whose customer signs, and one without a schedule, wait for no window', async () => {
  publish(20);
  const eve = await house.owner('collaborative');
  await house.deposit(eve, 'vault', 500_000n);
  const hers = await approved(100_000n, eve);
  expect(await viewOf(hers)).toMatchObject({ state: 'awaiting_cosigner', nextColdWindow: null });
  Object.assign(house.parts, { coldWindows: null });
  const his = await approved(150_000n);
  await house.later(2 * MINUTE_MS);
  expect(await viewOf(his)).toMatchObject({ state: 'awaiting_cosigner', nextColdWindow: null });
});
