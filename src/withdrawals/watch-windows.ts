import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import {
  idFromUuid,
  isoTime,
  lastWindow,
  type Clock,
  type PayoutId,
  type TimeWindow,
} from '../shared/index.ts';
import type { WeeklyWindows } from '../shared/index.ts';
import { WORKER } from './withdrawal-parts.ts';

interface WatchParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly coldWindows: WeeklyWindows | null;
}

/** Nobody minds half a minute of an hour. */
const LOOK_MS = 30_000;

/** Payouts that wait for a station, oldest first, of those that were built before a time. */
async function waitingSince(tx: DatabaseTransaction, before: Date): Promise<readonly PayoutId[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT p.id::text FROM payout p JOIN wallet w ON w.id = p.wallet_id
    WHERE p.released_at IS NULL AND w.plan IN ('custodial', 'treasury_cold')
      AND EXISTS (SELECT FROM payout_transaction t WHERE t.payout_id = p.id AND t.cosigned IS NULL
        AND t.created_at <= ${before}
        AND NOT EXISTS (SELECT FROM payout_transaction n WHERE n.payout_id = p.id AND n.number > t.number))
      AND EXISTS (SELECT FROM withdrawal d WHERE d.payout_id = p.id
        AND d.state IN ('built', 'awaiting_cosigner', 'platform_signed', 'broadcast'))
    ORDER BY p.created_at, p.id`;
  return rows.map(({ id }) => idFromUuid('payout', id));
}

function counted(count: number): string {
  return count === 1 ? 'One payout waits' : `${count} payouts wait`;
}

/** Once for each window, when there is something to sign. */
async function remind(
  { clock }: WatchParts,
  tx: DatabaseTransaction,
  { opensAtMs, closesAtMs }: TimeWindow,
): Promise<number> {
  const waiting = await waitingSince(tx, new Date(clock.nowMs()));
  const [oldest] = waiting;
  if (oldest === undefined) return 0;
  const isFirst = await tx.$executeRaw`
    INSERT INTO cold_window (opens_at, closes_at, told_at)
    VALUES (${new Date(opensAtMs)}, ${new Date(closesAtMs)}, ${new Date(clock.nowMs())})
    ON CONFLICT (opens_at) DO NOTHING`;
  if (isFirst === 0) return 0;
  const text = `${counted(waiting.length)} for the station; the window is open until ${isoTime(closesAtMs)}.`;
  const alert = { subject: oldest, code: 'cold_window_open', during: 'payout.cosign', text };
  await raiseAlert(tx, alert, WORKER, clock);
  return 1;
}

/** Once for each window, when what waited as it opened still waits after it. */
async function settle(
  { clock }: WatchParts,
  tx: DatabaseTransaction,
  { opensAtMs, closesAtMs }: TimeWindow,
): Promise<number> {
  const [opensAt, closesAt, now] = [new Date(opensAtMs), new Date(closesAtMs), new Date(clock.nowMs())];
  const isFirst = await tx.$executeRaw`
    INSERT INTO cold_window (opens_at, closes_at, settled_at) VALUES (${opensAt}, ${closesAt}, ${now})
    ON CONFLICT (opens_at) DO UPDATE SET settled_at = ${now} WHERE cold_window.settled_at IS NULL`;
  if (isFirst === 0) return 0;
  const waiting = await waitingSince(tx, opensAt);
  const [oldest] = waiting;
  if (oldest === undefined) return 1;
  const text = `The window from ${isoTime(opensAtMs)} has passed: ${counted(waiting.length).toLowerCase()} that it was for.`;
  const alert = { subject: oldest, code: 'cold_window_missed', during: 'payout.cosign', text };
  await raiseAlert(tx, alert, WORKER, clock);
  return 1;
}

/** Work that looks now and then whether people at the station must be told of a window, before it or after. */
export function windowWatch(parts: WatchParts): () => Promise<number> {
  const { database, clock, coldWindows } = parts;
  let lookAgainAtMs = 0;
  return async () => {
    const nowMs = clock.nowMs();
    if (coldWindows === null || (nowMs < lookAgainAtMs && lookAgainAtMs - nowMs <= LOOK_MS)) return 0;
    lookAgainAtMs = nowMs + LOOK_MS;
    const window = lastWindow(coldWindows, nowMs);
    const act = nowMs < window.closesAtMs ? remind : settle;
    return await inTransaction(database, (tx) => act(parts, tx, window));
  };
}

/** For the worker's status: how many payouts wait for a station. */
export async function waitingForStation({
  database,
  clock,
}: Omit<WatchParts, 'coldWindows'>): Promise<number> {
  return await inTransaction(
    database,
    async (tx) => (await waitingSince(tx, new Date(clock.nowMs()))).length,
  );
}
