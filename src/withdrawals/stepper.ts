import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { findIntent } from '../approvals/index.ts';
import {
  describeError,
  idFromUuid,
  idToUuid,
  latestDue,
  type PayoutId,
  type WithdrawalId,
} from '../shared/index.ts';
import { waitForWindow } from './cold-windows.ts';
import { formBatch } from './form-batch.ts';
import { alarm, giveUp } from './give-up.ts';
import { endUnpaid, unbuild, waitFor } from './group-moves.ts';
import { lockPayout, type Payout } from './payout-store.ts';
import { parkRestricted } from './park-restricted.ts';
import { stepBuild, stepPresent } from './step-build.ts';
import {
  stepAwaitingApproval,
  stepCooling,
  stepRecheck,
  stepRequested,
  stepScreened,
} from './step-before-building.ts';
import { stepBroadcast, stepConfirmed, stepPlatformSigned, stepReplaced } from './step-on-chain.ts';
import { stepAwaitingCosigner } from './step-sign.ts';
import { withdrawalOf } from './withdrawal-store.ts';
import type { Group, Member, StepParts } from './withdrawal-parts.ts';
import type { WithdrawalState } from './withdrawal.ts';

/** Verifying and signing a large transaction takes seconds, and the signer's answer may take a minute. */
const STEP_TIMEOUT_MS = 120_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;
/** Another worker is at the same payout. */
const BUSY_LOOK_MS = 1_000;
const MAX_HINDRANCE_LENGTH = 500;
/** Twice the longest that a withdrawal may wait for others to share its transaction. */
const LONGEST_PAUSE_MS = 2 * 3_600_000;

interface Due {
  readonly id: WithdrawalId;
  readonly payoutId: PayoutId | null;
}

/** Locks the one that has waited longest, of those whose time has come or whose intent has changed. */
async function pick(tx: DatabaseTransaction, now: Date): Promise<Due | undefined> {
  const [row] = await tx.$queryRaw<{ id: string; payout_id: string | null }[]>`
    SELECT w.id::text, w.payout_id::text FROM withdrawal w
    JOIN queued_intent q ON q.id = w.intent_id
    WHERE w.look_at IS NOT NULL AND (w.look_at <= ${now} OR w.look_at > ${latestDue(now.getTime(), LONGEST_PAUSE_MS)}
      OR q.version <> w.intent_version)
    ORDER BY w.look_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED`;
  if (row === undefined) return undefined;
  const payoutId = row.payout_id === null ? null : idFromUuid('payout', row.payout_id);
  return { id: idFromUuid('withdrawal', row.id), payoutId };
}

async function loadGroup(tx: DatabaseTransaction, { id, payoutId }: Due): Promise<Group | undefined> {
  const payout = payoutId === null ? null : await lockPayout(tx, payoutId);
  if (payout === undefined) return undefined;
  const rows = await tx.withdrawal.findMany({
    where: payoutId === null ? { id: idToUuid(id) } : { payoutId: idToUuid(payoutId) },
    orderBy: { id: 'asc' },
  });
  const members: Member[] = [];
  for (const row of rows) {
    const withdrawal = withdrawalOf(row);
    members.push({ withdrawal, stored: await findIntent(tx, withdrawal.intentId) });
  }
  const [first, ...others] = members;
  return first === undefined ? undefined : { payout, members: [first, ...others] };
}

const ENDING = { rejected: 'reject', cancelled: 'cancel', expired: 'expire' } as const;

/** Ends what whoever asked, or whoever approves, does not want any more. @returns whether it did. */
async function endIfUnwanted(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<boolean> {
  const unwanted = group.members.find(({ stored }) => stored.state in ENDING);
  if (unwanted === undefined) return false;
  const { payout, members } = group;
  if (payout !== null && members.length > 1) {
    return await unbuild(parts, tx, { payout, members }, 'One of the withdrawals that it pays has ended.');
  }
  const { stored } = unwanted;
  const command = ENDING[stored.state as keyof typeof ENDING];
  return await endUnpaid(parts, tx, group, { command, reason: stored.reason ?? '' });
}

async function stepUntilBuilt(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  if (!(await stepCooling(parts, tx, group)) || !(await stepRecheck(parts, tx, group))) return;
  if (await waitForWindow(parts, tx, group)) return;
  const batch = await formBatch(parts, tx, group);
  if (batch !== undefined) await stepBuild(parts, tx, batch);
}

async function stepQuarantined(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  await waitFor(parts, tx, group, MAX_BACKOFF_MS);
}

type Step<G extends Group> = (parts: StepParts, tx: DatabaseTransaction, group: G) => Promise<void>;

/** What each state wants next. */
const STEPS: Partial<Record<WithdrawalState, Step<Group>>> = {
  requested: stepRequested,
  screened: stepScreened,
  quarantined: stepQuarantined,
  awaiting_approval: stepAwaitingApproval,
  approved: stepUntilBuilt,
  cooling_off: stepUntilBuilt,
};

/** The same for those that have a payout. */
const PAYOUT_STEPS: Partial<Record<WithdrawalState, Step<Group & { readonly payout: Payout }>>> = {
  built: stepPresent,
  awaiting_cosigner: stepAwaitingCosigner,
  platform_signed: stepPlatformSigned,
  broadcast: stepBroadcast,
  confirmed: stepConfirmed,
  replaced: stepReplaced,
};

async function takeStep(parts: StepParts, tx: DatabaseTransaction, group: Group): Promise<void> {
  const { payout } = group;
  const [{ withdrawal }] = group.members;
  const isAsked = payout !== null && payout.signerAskedAt !== null;
  if (!isAsked && (await endIfUnwanted(parts, tx, group))) return;
  if (await parkRestricted(parts, tx, group)) return;
  if (payout === null) await STEPS[withdrawal.state]?.(parts, tx, group);
  else await PAYOUT_STEPS[withdrawal.state]?.(parts, tx, { ...group, payout });
}

/** Looks anew, in a transaction of its own, at what a step has failed for, and gives it up if it must. */
async function giveUpDue(parts: StepParts, due: Due, thrown: unknown): Promise<boolean> {
  return await inTransaction(
    parts.database,
    async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM withdrawal WHERE id = ${idToUuid(due.id)}::uuid FOR UPDATE`;
      const row = await tx.withdrawal.findUniqueOrThrow({ where: { id: idToUuid(due.id) } });
      const payoutId = row.payoutId === null ? null : idFromUuid('payout', row.payoutId);
      const group = await loadGroup(tx, { id: due.id, payoutId });
      return group !== undefined && (await giveUp(parts, tx, group, thrown));
    },
    { timeoutMs: STEP_TIMEOUT_MS },
  );
}

async function noteHindrance(parts: StepParts, { id }: Due, thrown: unknown): Promise<void> {
  const { database, clock } = parts;
  await inTransaction(database, async (tx) => {
    const row = await tx.withdrawal.findUniqueOrThrow({ where: { id: idToUuid(id) } });
    if (row.lookAt === null) return;
    const intent = await tx.queuedIntent.findUnique({
      where: { id: row.intentId },
      select: { version: true },
    });
    const hindrance = describeError(thrown).slice(0, MAX_HINDRANCE_LENGTH);
    // Once, not at every look.
    if (hindrance !== row.hindrance) await alarm(parts, tx, id, thrown);
    const backoff = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(row.failures, 20), MAX_BACKOFF_MS);
    await tx.withdrawal.updateMany({
      where: { id: row.id, version: row.version },
      data: {
        failures: row.failures + 1,
        hindrance,
        lookAt: new Date(clock.nowMs() + backoff),
        intentVersion: intent?.version ?? row.intentVersion,
      },
    });
  });
}

/**
 * Takes the next step of whichever withdrawal is due: one step, stored in one transaction with its audit and outbox
 * rows. What happens outside (ledger, signer, node) may be repeated, so a crash anywhere is made good by the next
 * call. @returns whether there was anything to do.
 */
export async function stepOnce(parts: StepParts, onFailure: (thrown: unknown) => void): Promise<boolean> {
  let due: Due | undefined;
  try {
    return await inTransaction(
      parts.database,
      async (tx) => {
        due = await pick(tx, new Date(parts.clock.nowMs()));
        if (due === undefined) return false;
        const group = await loadGroup(tx, due);
        if (group !== undefined) await takeStep(parts, tx, group);
        else {
          const lookAt = new Date(parts.clock.nowMs() + BUSY_LOOK_MS);
          await tx.withdrawal.update({ where: { id: idToUuid(due.id) }, data: { lookAt } });
        }
        return true;
      },
      { timeoutMs: STEP_TIMEOUT_MS },
    );
  } catch (thrown) {
    if (due === undefined) throw thrown;
    onFailure(thrown);
    try {
      if (await giveUpDue(parts, due, thrown)) return true;
    } catch (second) {
      onFailure(second);
    }
    await noteHindrance(parts, due, thrown);
    return true;
  }
}
