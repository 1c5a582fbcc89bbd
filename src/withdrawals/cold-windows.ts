import type { DatabaseTransaction } from '../database/index.ts';
import type { WalletPlan } from '../intents/index.ts';
import {
  idToUuid,
  nextWindow,
  windowToCome,
  type Clock,
  type TimeWindow,
  type WeeklyWindows,
} from '../shared/index.ts';
import { waitFor } from './group-moves.ts';
import type { Group, StepParts } from './withdrawal-parts.ts';
import type { Withdrawal, WithdrawalState } from './withdrawal.ts';

/** Plans of which a station, that is people who come together, signs; the others' cosigner signs whenever it is asked. */
const SIGNED_IN_CEREMONIES: readonly WalletPlan[] = ['custodial', 'treasury_cold'];
/** So long before a window its payouts are built: time to carry them to the station, little time for rates to rise. */
const GATHER_MS = 30 * 60_000;
/** What is signed at the very end of a window is completed within this time. */
const COMPLETION_MS = 3_600_000;
/** Waiting is looked after now and then, so that a clock put right, or another schedule, is noticed. */
const LONGEST_WAIT_MS = 30 * 60_000;

/** Not yet signed by the station. */
const BEFORE_SIGNING: readonly WithdrawalState[] = [
  'requested',
  'screened',
  'awaiting_approval',
  'approved',
  'cooling_off',
  'built',
  'awaiting_cosigner',
  'quarantined',
];

interface Scheduled {
  readonly clock: Clock;
  /** When the station signs; null: whenever people come. */
  readonly coldWindows: WeeklyWindows | null;
}

export function isSignedInCeremonies(plan: WalletPlan): boolean {
  return SIGNED_IN_CEREMONIES.includes(plan);
}

/** A lifetime that outlasts the next window to open, for what a station signs: nobody approves what expires before. */
export function outlastingWindow(
  { clock, coldWindows }: Scheduled,
  plan: WalletPlan,
  lifetimeMs: number,
): number {
  if (coldWindows === null || !isSignedInCeremonies(plan)) return lifetimeMs;
  const nowMs = clock.nowMs();
  return Math.max(lifetimeMs, nextWindow(coldWindows, nowMs).closesAtMs + COMPLETION_MS - nowMs);
}

async function planOf(tx: DatabaseTransaction, { walletId }: Withdrawal): Promise<WalletPlan> {
  const where = { id: idToUuid(walletId) };
  const { plan } = await tx.wallet.findUniqueOrThrow({ where, select: { plan: true } });
  return plan as WalletPlan;
}

/** The window in which the station is to sign a withdrawal; null when none does, or it has signed. */
export async function windowOf(
  { clock, coldWindows }: Scheduled,
  tx: DatabaseTransaction,
  withdrawal: Withdrawal,
): Promise<TimeWindow | null> {
  if (coldWindows === null || !BEFORE_SIGNING.includes(withdrawal.state)) return null;
  if (!isSignedInCeremonies(await planOf(tx, withdrawal))) return null;
  return windowToCome(coldWindows, clock.nowMs());
}

/**
 * What a station signs is built shortly before a window, or in one: until then all that is approved gathers, to share
 * transactions at the rate of that hour, and nothing is reserved. @returns whether it waits.
 */
export async function waitForWindow(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
): Promise<boolean> {
  const window = await windowOf(parts, tx, group.members[0].withdrawal);
  if (window === null) return false;
  const restMs = window.opensAtMs - GATHER_MS - parts.clock.nowMs();
  if (restMs <= 0) return false;
  await waitFor(parts, tx, group, Math.min(restMs, LONGEST_WAIT_MS));
  return true;
}
