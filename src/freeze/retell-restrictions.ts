import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert } from '../events/index.ts';
import { idFromUuid, isDomainError, newId, parseId, type CustomerId } from '../shared/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import { askToRestrict } from './ask-signer.ts';
import { liveBreaker } from './breaker-store.ts';
import { areAll, changeAccounts, closeAccounts } from './freeze-accounts.ts';
import type { RestrictionState } from './restriction-kinds-contract.ts';
import { findRestriction, lockCustomer, restrictionsOf } from './restriction-store.ts';
import { forbidden, frozenAccounts, type Restriction, type RestrictionId } from './restriction.ts';
import type { SettleQueueParts } from './settle-restrictions.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
const STEP_TIMEOUT_MS = 60_000;
const BATCH = 100;
/** The signer is asked so often whether it was resumed. */
const LOOK_MS = 2_000;
/** What was acknowledged before; the rest is told in its own time. */
const ACKNOWLEDGED: readonly RestrictionState[] = ['in_force', 'releasing'];

/** Under ids of their own: the ledger may know those of the restriction, and have the flags changed since. */
async function tellLedger(
  { ledger, vaultsOf }: SettleQueueParts,
  tx: DatabaseTransaction,
  { customer, kind }: Restriction,
): Promise<string | undefined> {
  const wallets = await vaultsOf(tx, customer);
  if (kind === 'closed') {
    const parties = { customer, spending: true, vaults: wallets };
    if (await areAll(ledger, parties, 'closed')) return undefined;
    return await closeAccounts(ledger, newId('restriction'), parties);
  }
  const { spending, vaults } = frozenAccounts(forbidden(await restrictionsOf(tx, customer)));
  const parties = { customer, spending, vaults: vaults ? wallets : [] };
  if (await areAll(ledger, parties, 'frozen')) return undefined;
  await changeAccounts(ledger, newId('restriction'), parties, 'freeze');
  return undefined;
}

/** @returns why the signer does not take it. */
async function tellSigner(
  parts: SettleQueueParts,
  tx: DatabaseTransaction,
  it: Restriction,
): Promise<string | undefined> {
  // What ordered a deep freeze may have expired since: then it stands as a restriction, until it is released.
  if (it.orderedBy !== null && (await askToRestrict(parts, tx, it)) === undefined) return undefined;
  try {
    await parts.signer.restrict(it);
    return undefined;
  } catch (thrown) {
    if (!isDomainError(thrown) || thrown.retryable) throw thrown;
    return thrown.message;
  }
}

/** One restriction, if it is still in force. What ledger or signer do not take, people hear of. */
async function retell(
  parts: SettleQueueParts,
  tx: DatabaseTransaction,
  id: RestrictionId,
  owner: CustomerId,
): Promise<void> {
  await lockCustomer(tx, owner);
  const it = await findRestriction(tx, id);
  if (!ACKNOWLEDGED.includes(it.state)) return;
  const refusals = [await tellLedger(parts, tx, it), await tellSigner(parts, tx, it)];
  const text = refusals.filter((refusal) => refusal !== undefined).join(' ');
  if (text === '') return;
  const alert = { subject: id, code: 'restriction_not_retold', during: 'restriction.retell', text };
  await raiseAlert(tx, alert, WORKER, parts.clock);
}

/**
 * Tells ledger and signer again of everything that they have acknowledged: one of them may come from a backup of
 * before. They take what they know already without changing anything. @returns how many restrictions there were.
 */
export async function retellRestrictions(parts: SettleQueueParts): Promise<number> {
  const options = { timeoutMs: STEP_TIMEOUT_MS };
  let after: string | null = null;
  let told = 0;
  for (;;) {
    const rows: { id: string; customerId: string }[] = await parts.database.restriction.findMany({
      where: { state: { in: [...ACKNOWLEDGED] }, ...(after === null ? {} : { id: { gt: after } }) },
      select: { id: true, customerId: true },
      orderBy: { id: 'asc' },
      take: BATCH,
    });
    for (const { id, customerId } of rows) {
      const [restriction, customer] = [idFromUuid('restriction', id), idFromUuid('customer', customerId)];
      await inTransaction(parts.database, (tx) => retell(parts, tx, restriction, customer), options);
    }
    told += rows.length;
    const last: string | undefined = rows.at(-1)?.id;
    if (last === undefined) break;
    after = last;
  }
  const breaker = await inTransaction(parts.database, liveBreaker);
  if (breaker !== undefined && ACKNOWLEDGED.includes(breaker.state)) {
    await parts.signer.tripBreaker({ breaker: breaker.id, trippedBy: breaker.trippedBy });
  }
  return told;
}

/** Whom the signer alone restricts: it has forgotten that they were released. People hear of it. */
async function tellOfForgottenReleases(parts: SettleQueueParts): Promise<void> {
  const { statement } = await parts.signer.freezeStatus();
  for (const name of statement.restricted) {
    const subject = parseId('customer', name);
    await inTransaction(parts.database, async (tx) => {
      if ((await restrictionsOf(tx, subject)).length > 0) return;
      const text = 'The signer was restored, and has forgotten that this customer was released.';
      const about = { subject, code: 'restricted_by_signer_alone', during: 'restriction.retell', text };
      await raiseAlert(tx, about, WORKER, parts.clock);
    });
  }
}

/**
 * Work for the loop: when the signer was resumed it signs nothing until it was told again; and once at each start,
 * for a ledger that was restored.
 */
export function retellWork(parts: SettleQueueParts): () => Promise<number> {
  let isFirst = true;
  let lookAgainAtMs = 0;
  return async () => {
    const nowMs = parts.clock.nowMs();
    // Also when the clock was put back.
    if (nowMs < lookAgainAtMs && lookAgainAtMs - nowMs <= LOOK_MS) return 0;
    lookAgainAtMs = nowMs + LOOK_MS;
    const { epoch, told } = await parts.signer.standing();
    if (told && !isFirst) return 0;
    const count = await retellRestrictions(parts);
    if (!told) {
      await parts.signer.restrictionsTold(epoch);
      await tellOfForgottenReleases(parts);
    }
    isFirst = false;
    return count;
  };
}
