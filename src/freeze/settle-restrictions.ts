import { appendAudit } from '../audit/index.ts';
import { requireKind, type ApprovalQueue, type QueueActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { appendEvent, raiseAlert } from '../events/index.ts';
import { parseCustomerStatement } from '../intents/index.ts';
import { crashPoint, describeError, isDomainError, parseId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import { changeAccounts } from './freeze-accounts.ts';
import type { SettleParts } from './freeze-parts.ts';
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

async function record(
  { clock }: Pick<SettleParts, 'clock'>,
  tx: DatabaseTransaction,
  { id, customer, kind, publicText }: Restriction,
  state: string,
  reason?: string,
): Promise<void> {
  const entry = { ...WORKER, action: `restriction.${state}`, entity: id, after: { customer, state } };
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

/** The ledger first: what it books afterwards in this customer's name is refused, whatever the signer does. */
async function freeze(parts: SettleQueueParts, tx: DatabaseTransaction, it: Restriction): Promise<void> {
  const { customer } = it;
  const { spending, vaults } = frozenAccounts(forbidden(await restrictionsOf(tx, customer)));
  const parties = { customer, spending, vaults: vaults ? await parts.vaultsOf(tx, customer) : [] };
  await changeAccounts(parts.ledger, it.id, parties, 'freeze');
  crashPoint('restriction.ledger_flagged');
  await parts.signer.restrict(it);
  crashPoint('restriction.signer_told');
  await requireQuiet(parts, tx, it, spending);
  if (!forbidden([it]).has('withdraw')) return;
  for (const subject of await parts.beyondRecall(tx, it.customer)) {
    const text = `The account was restricted by ${it.id} when this had left the signer already.`;
    const alert = { subject, code: 'frozen_after_broadcast', during: 'restriction.impose', text };
    await raiseAlert(tx, alert, WORKER, parts.clock);
  }
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

async function askSigner(parts: SettleQueueParts, tx: DatabaseTransaction, it: Restriction): Promise<void> {
  if (it.releaseStatement !== null) {
    const statement = parseCustomerStatement(JSON.parse(it.releaseStatement));
    await parts.signer.unlock({ restriction: it.id, statement });
    return;
  }
  if (it.releaseIntent === null) throw new RangeError('a release has an intent or a statement');
  const { intent, request, approvals } = requireKind(await parts.queue.lock(tx, it.releaseIntent), 'release');
  if (request === null) throw new RangeError('an executed intent is signed');
  await parts.signer.release({ intent, request, approvals });
}

/** Asks the signer to lift it. @returns why it will not, whatever we wait for; undefined when it has. */
async function refusalOfSigner(
  parts: SettleQueueParts,
  tx: DatabaseTransaction,
  it: Restriction,
): Promise<string | undefined> {
  try {
    await askSigner(parts, tx, it);
    return undefined;
  } catch (thrown) {
    if (isDomainError(thrown) && FINAL.test(thrown.code)) return describeError(thrown);
    throw thrown;
  }
}

/** What no waiting changes about a release: its signatures, its times, or what it names. */
const FINAL = /^(intent|request|approval|approvals|approver|signature|kind|restriction|limit|statement)_/;

/** The signer first, since it may refuse; the ledger lets go what nothing else keeps frozen. */
async function release(parts: SettleQueueParts, tx: DatabaseTransaction, it: Restriction): Promise<void> {
  const refusal = await refusalOfSigner(parts, tx, it);
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
  await freeze(parts, tx, it);
  const state = await moveRestriction(tx, it, 'acknowledge', new Date(parts.clock.nowMs()));
  await record(parts, tx, it, state);
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
        if (await beginRelease(parts, tx)) return 1;
        taken = await takeUnacknowledged(tx, now);
        if (taken === undefined) return 0;
        await settle(parts, tx, taken);
        return 1;
      },
      { timeoutMs: STEP_TIMEOUT_MS },
    );
  } catch (thrown) {
    if (taken !== undefined) await postpone(parts.database, taken.id, new Date(now.getTime() + RETRY_MS));
    throw thrown;
  }
}
