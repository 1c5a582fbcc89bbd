import { appendAudit } from '../audit/index.ts';
import type { ApprovalQueue, QueueActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { appendEvent, raiseAlert } from '../events/index.ts';
import { crashPoint, isDomainError, parseId } from '../shared/index.ts';
import { askToLift, askToRestrict } from './ask-signer.ts';
import { FreezeError } from './errors.ts';
import { changeAccounts, closeAccounts } from './freeze-accounts.ts';
import type { SettleParts } from './freeze-parts.ts';
import { imposeRestriction } from './impose-restriction.ts';
import { isQuiet } from './in-flight.ts';
import {
  findRestriction,
  lockCustomer,
  moveRestriction,
  postpone,
  restrictionsOf,
  takeUnacknowledged,
} from './restriction-store.ts';
import { forbidden, frozenAccounts, type Restriction } from './restriction.ts';

export interface SettleQueueParts extends SettleParts {
  readonly queue: ApprovalQueue;
}

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
/** Ledger and signer answer in milliseconds; the signer's witness may take a while. */
const STEP_TIMEOUT_MS = 60_000;
const RETRY_MS = 2_000;
/** How a signer puts off the lifting of a deep freeze, and when it is asked again. */
const AWAITED: readonly string[] = ['thaw_not_due', 'platform_keys_away'];
const AWAITED_RETRY_MS = 60_000;

function nextLook(thrown: unknown, now: Date): Date {
  const isAwaited = isDomainError(thrown) && AWAITED.includes(thrown.code);
  const readyAt = isAwaited && isDomainError(thrown) ? thrown.details['readyAt'] : undefined;
  if (typeof readyAt === 'string') return new Date(Math.max(Date.parse(readyAt), now.getTime() + RETRY_MS));
  return new Date(now.getTime() + (isAwaited ? AWAITED_RETRY_MS : RETRY_MS));
}

async function record(
  { clock }: Pick<SettleParts, 'clock'>,
  tx: DatabaseTransaction,
  { id, customer, kind, publicText, state: before }: Restriction,
  state: string,
  reason?: string,
): Promise<void> {
  const states = { before: { state: before }, after: { customer, state } };
  const entry = { ...WORKER, action: `restriction.${state}`, entity: id, ...states };
  await appendAudit(tx, { ...entry, ...(reason === undefined ? {} : { reason }) }, clock);
  if (state !== 'released') return;
  const data = { restriction: id, customer, kind, text: publicText };
  await appendEvent(tx, { type: 'account.released', subject: id, customer, data }, clock);
}

/** An approved release begins: from here on it is the signer's to judge. */
async function beginRelease(parts: SettleQueueParts, tx: DatabaseTransaction): Promise<boolean> {
  const stored = await parts.queue.takeApproved(tx, 'release');
  if (stored === undefined) return false;
  const { body } = stored.intent;
  const restriction = await findRestriction(tx, parseId('restriction', body.restriction));
  const { state, customer, openedBy } = restriction;
  // Its turn comes when it is in force.
  if (state === 'freezing') return false;
  if (state !== 'in_force' || customer !== body.customer || openedBy !== body.openedBy) {
    await parts.queue.deny(tx, stored.id, WORKER, 'There is no such restriction in force.');
    return true;
  }
  await parts.queue.execute(tx, stored.id, WORKER);
  const next = await moveRestriction(tx, restriction, 'release', new Date(parts.clock.nowMs()), {
    intent: stored.id,
  });
  await record(parts, tx, restriction, next);
  crashPoint('restriction.release_begun');
  return true;
}

/** An approved deep freeze becomes a restriction; the signer judges the approvals when it is told. */
async function beginDeepFreeze(parts: SettleQueueParts, tx: DatabaseTransaction): Promise<boolean> {
  const stored = await parts.queue.takeApproved(tx, 'deep_freeze');
  if (stored === undefined) return false;
  const { body, requester } = stored.intent;
  await parts.queue.execute(tx, stored.id, WORKER);
  const it = {
    ...({ kind: 'deep_freeze', reasonCode: 'officers_order', reviewAt: null } as const),
    id: parseId('restriction', body.restriction),
    customer: parseId('customer', body.customer),
    publicText: body.text,
    restrictedText: body.reason,
    openedBy: requester,
    orderedBy: { intent: stored.id },
  };
  await imposeRestriction(tx, parts.clock, it, WORKER);
  return true;
}

/**
 * The ledger first: what it books afterwards in this customer's name is refused, whatever the signer does. But what
 * needs an order is the signer's to judge. @returns why the signer refuses it.
 */
async function freeze(
  parts: SettleQueueParts,
  tx: DatabaseTransaction,
  it: Restriction,
): Promise<string | undefined> {
  const { customer } = it;
  if (it.kind === 'closed') return await close(parts, tx, it);
  const refusal = it.orderedBy === null ? undefined : await askToRestrict(parts, tx, it);
  if (refusal !== undefined) return refusal;
  const { spending, vaults } = frozenAccounts(forbidden(await restrictionsOf(tx, customer)));
  const parties = { customer, spending, vaults: vaults ? await parts.vaultsOf(tx, customer) : [] };
  await changeAccounts(parts.ledger, it.id, parties, 'freeze');
  crashPoint('restriction.ledger_flagged');
  if (it.orderedBy === null) await parts.signer.restrict(it);
  crashPoint('restriction.signer_told');
  await requireQuiet(parts, tx, it, spending);
  if (!forbidden([it]).has('withdraw')) return undefined;
  for (const subject of await parts.beyondRecall(tx, it.customer)) {
    const text = `The account was restricted by ${it.id} when this had left the signer already.`;
    const alert = { subject, code: 'frozen_after_broadcast', during: 'restriction.impose', text };
    await raiseAlert(tx, alert, WORKER, parts.clock);
  }
  return undefined;
}

/** The ledger first, since only an empty account is closed; the signer would not forget it again. */
async function close(
  parts: SettleQueueParts,
  tx: DatabaseTransaction,
  it: Restriction,
): Promise<string | undefined> {
  const { customer } = it;
  await requireQuiet(parts, tx, it, false);
  const refusal = await closeAccounts(parts.ledger, it.id, {
    customer,
    vaults: await parts.vaultsOf(tx, customer),
  });
  if (refusal !== undefined) return refusal;
  await parts.signer.restrict(it);
  return undefined;
}

/**
 * What somebody let through before the restriction has ended by now, so that from here on nothing moves. The ledger
 * and the signer refuse by themselves what they can tell apart; the rest is waited for.
 */
async function requireQuiet(
  parts: SettleQueueParts,
  tx: DatabaseTransaction,
  it: Restriction,
  isSpendingFrozen: boolean,
): Promise<void> {
  const unbooked =
    !isSpendingFrozen && forbidden([it]).has('transfer') && (await parts.hasUnbooked(tx, it.customer));
  if (!unbooked && (await isQuiet(tx, it.customer))) return;
  throw new FreezeError('restriction_not_acknowledged', 'Something from before is still under way.', {
    retryable: true,
    details: { restriction: it.id },
  });
}

/** The signer first, since it may refuse; the ledger lets go what nothing else keeps frozen. */
async function release(parts: SettleQueueParts, tx: DatabaseTransaction, it: Restriction): Promise<void> {
  const refusal = await askToLift(parts, tx, it);
  const at = new Date(parts.clock.nowMs());
  if (refusal !== undefined) {
    await record(parts, tx, it, await moveRestriction(tx, it, 'refuse', at), refusal);
    return;
  }
  crashPoint('restriction.signer_lifted');
  const others = (await restrictionsOf(tx, it.customer)).filter(({ id }) => id !== it.id);
  const kept = frozenAccounts(forbidden(others));
  const vaults = kept.vaults ? [] : await parts.vaultsOf(tx, it.customer);
  await changeAccounts(
    parts.ledger,
    it.id,
    { customer: it.customer, spending: !kept.spending, vaults },
    'unfreeze',
  );
  crashPoint('restriction.ledger_unflagged');
  await record(parts, tx, it, await moveRestriction(tx, it, 'acknowledge', at));
}

async function settle(parts: SettleQueueParts, tx: DatabaseTransaction, it: Restriction): Promise<void> {
  await lockCustomer(tx, it.customer);
  if (it.state === 'releasing') {
    await release(parts, tx, it);
    return;
  }
  const refusal = await freeze(parts, tx, it);
  const command = refusal === undefined ? 'acknowledge' : 'refuse';
  const state = await moveRestriction(tx, it, command, new Date(parts.clock.nowMs()));
  await record(parts, tx, it, state, refusal);
}

/**
 * Carries one restriction on: an approved release begins, or ledger and signer are told what they have not
 * acknowledged. May be repeated after a crash anywhere; any number of workers may do it. @returns how many things
 * there were to do.
 */
export async function settleRestrictions(parts: SettleQueueParts): Promise<number> {
  let taken: Restriction | undefined;
  const now = new Date(parts.clock.nowMs());
  try {
    return await inTransaction(
      parts.database,
      async (tx) => {
        if ((await beginDeepFreeze(parts, tx)) || (await beginRelease(parts, tx))) return 1;
        taken = await takeUnacknowledged(tx, now);
        if (taken === undefined) return 0;
        await settle(parts, tx, taken);
        return 1;
      },
      { timeoutMs: STEP_TIMEOUT_MS },
    );
  } catch (thrown) {
    if (taken === undefined) throw thrown;
    await postpone(parts.database, taken.id, nextLook(thrown, now));
    // It goes on by itself when its time comes, or when officers have brought the keys.
    if (isDomainError(thrown) && AWAITED.includes(thrown.code)) return 1;
    throw thrown;
  }
}
