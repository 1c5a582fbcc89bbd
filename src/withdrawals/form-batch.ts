import type { DatabaseTransaction } from '../database/index.ts';
import { findIntent } from '../approvals/index.ts';
import { amountAtStake, feeBearerOf, withdrawalIntentOf, type Manifest } from '../intents/index.ts';
import { feeForTransactionWeight } from '../bitcoin/index.ts';
import { idToUuid, isDomainError, parseSatoshis, type FeeRate } from '../shared/index.ts';
import { waitFor } from './group-moves.ts';
import { restrictedMembers } from './park-restricted.ts';
import { isReadyStill } from './step-before-building.ts';
import type { Group, Member, StepParts } from './withdrawal-parts.ts';
import { requireSameWords, withdrawalOf } from './withdrawal-store.ts';

/** So many payees fit into one transaction with room for inputs, and into one screen of an officer who reads. */
const MAX_PAYMENTS = 500;
/** Of what may leave within a day: one batch does not use up, or wait for, all of it. */
const DAILY_SHARE = 4n;

/** When a withdrawal could have been built. */
function readySince({ withdrawal }: Member): number {
  return Math.max(withdrawal.changedAt.getTime(), withdrawal.coolUntil?.getTime() ?? 0);
}

async function lockCompanions(
  parts: StepParts,
  tx: DatabaseTransaction,
  { withdrawal }: Member,
  size: number,
  now: Date,
): Promise<readonly Member[]> {
  const { walletId, id } = withdrawal;
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT w.id::text FROM withdrawal w JOIN queued_intent q ON q.id = w.intent_id
    WHERE w.wallet_id = ${idToUuid(walletId)}::uuid AND w.id <> ${idToUuid(id)}::uuid
      AND w.state IN ('approved', 'cooling_off') AND NOT w.alone
      AND q.state = 'approved' AND q.expires_at > ${now}
      AND (w.cool_until IS NULL OR w.cool_until <= ${now})
    ORDER BY w.changed_at, w.id LIMIT ${size - 1} FOR UPDATE OF w SKIP LOCKED`;
  const found = await tx.withdrawal.findMany({ where: { id: { in: rows.map((row) => row.id) } } });
  const members: Member[] = [];
  for (const row of found) {
    const companion = withdrawalOf(row);
    try {
      const stored = await findIntent(tx, companion.intentId);
      requireSameWords(companion, stored);
      members.push({ withdrawal: companion, stored });
    } catch (thrown) {
      // A damaged one fails by itself, when its own turn comes.
      if (!isDomainError(thrown)) throw thrown;
    }
  }
  const restricted = await restrictedMembers(tx, members);
  const ready: Member[] = [];
  for (const member of members) {
    if (!restricted.includes(member) && (await isReadyStill(parts, tx, member))) ready.push(member);
  }
  return ready.sort((one, other) => readySince(one) - readySince(other));
}

/** Whether another withdrawal of the wallet may be ready before long: people look at it, or it cools off. */
async function othersComing(
  tx: DatabaseTransaction,
  members: readonly Member[],
  until: Date,
): Promise<boolean> {
  const [{ withdrawal } = { withdrawal: undefined }] = members;
  if (withdrawal === undefined) return false;
  const coming = await tx.withdrawal.count({
    where: {
      walletId: idToUuid(withdrawal.walletId),
      id: { notIn: members.map((member) => idToUuid(member.withdrawal.id)) },
      alone: false,
      OR: [
        { state: { in: ['screened', 'awaiting_approval', 'approved'] } },
        { state: 'cooling_off', coolUntil: { lte: until } },
      ],
    },
  });
  return coming > 0;
}

/** As many of the longest waiting as one batch may hold. */
function within(members: readonly [Member, ...Member[]], manifest: Manifest): readonly [Member, ...Member[]] {
  const most = parseSatoshis(manifest.limits.maxDailySatoshis) / DAILY_SHARE;
  const [lead, ...others] = members;
  const intent = withdrawalIntentOf(lead.stored.intent);
  let payments = intent.body.payments.length;
  let stake: bigint = amountAtStake(intent);
  const fitting = others.filter(({ stored }) => {
    const other = withdrawalIntentOf(stored.intent);
    const more = other.body.payments.length;
    const amount = amountAtStake(other);
    if (payments + more > MAX_PAYMENTS || stake + amount > most) return false;
    payments += more;
    stake += amount;
    return true;
  });
  return [lead, ...fitting];
}

/**
 * Gathers the withdrawals of one wallet that are ready to be paid together with the one whose turn it is. The oldest
 * waits for others no longer than the setting says, and not at all when the batch is full or nobody else is on the
 * way: a lone withdrawal is built at once. @returns undefined when it waits.
 */
export async function formBatch(
  parts: StepParts,
  tx: DatabaseTransaction,
  group: Group,
): Promise<Group | undefined> {
  const { size, waitMs } = parts.batching;
  const [lead] = group.members;
  if (lead.withdrawal.alone || size <= 1) return group;
  const nowMs = parts.clock.nowMs();
  const companions = await lockCompanions(parts, tx, lead, size, new Date(nowMs));
  const all = [lead, ...companions] as const;
  const restMs = Math.min(...all.map(readySince)) + waitMs - nowMs;
  const isFull = all.length >= size;
  if (!isFull && restMs > 0 && (await othersComing(tx, all, new Date(nowMs + restMs)))) {
    await waitFor(parts, tx, group, restMs);
    return undefined;
  }
  return { payout: null, members: within(all, await parts.trust.manifest()) };
}

/**
 * Those whose own cap would pay for a transaction of their own at this rate: with less somebody would hold the rate
 * of all others down. One that cannot is paid alone, at a rate that it can bear.
 */
export function bearingRate(
  { network }: StepParts,
  members: readonly [Member, ...Member[]],
  rate: FeeRate,
): readonly [Member, ...Member[]] {
  const bears = ({ stored }: Member): boolean => {
    const { cap, weight } = feeBearerOf(withdrawalIntentOf(stored.intent), network);
    return feeForTransactionWeight(rate, weight) <= cap;
  };
  const [lead, ...others] = members;
  return bears(lead) ? [lead, ...others.filter(bears)] : [lead];
}
