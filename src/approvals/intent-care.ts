import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, type Clock, type Id, type IntentId, type StaffId } from '../shared/index.ts';
import { ApprovalError } from './errors.ts';
import type { QueueActor } from './queue-parts.ts';
import { isSettled, type StoredIntent } from './stored-intent.ts';

/** Whoever claimed it and went home keeps nobody from it for longer. */
export const CLAIM_MS = 4 * 3_600_000;

/** What staff do about an intent besides judging it. */
export interface IntentCare {
  readonly claim: { readonly by: StaffId; readonly at: Date } | null;
  readonly comments: readonly { readonly by: StaffId; readonly at: Date; readonly text: string }[];
  readonly escalatedAt: Date | null;
}

export async function careOf(tx: DatabaseTransaction, id: IntentId, nowMs: number): Promise<IntentCare> {
  const { claim, comments, escalation } = await tx.queuedIntent.findUniqueOrThrow({
    where: { id: idToUuid(id) },
    select: { claim: true, comments: { orderBy: [{ at: 'asc' }, { id: 'asc' }] }, escalation: true },
  });
  const isHeld = claim !== null && nowMs - claim.claimedAt.getTime() < CLAIM_MS;
  return {
    claim: isHeld ? { by: idFromUuid('staff', claim.staffId), at: claim.claimedAt } : null,
    comments: comments.map(({ staffId, at, text }) => ({ by: idFromUuid('staff', staffId), at, text })),
    escalatedAt: escalation?.escalatedAt ?? null,
  };
}

async function note(
  tx: DatabaseTransaction,
  id: IntentId,
  { actor, strength, requestId }: QueueActor,
  action: string,
  detail: { readonly after?: Readonly<Record<string, string>>; readonly reason?: string },
  clock: Clock,
): Promise<void> {
  const request = requestId === undefined ? {} : { requestId };
  await appendAudit(tx, { actor, strength, ...request, action, entity: id, ...detail }, clock);
}

/**
 * Somebody looks after an intent. Their own claim again is prolonged; that of another is taken over by whoever says whose it is.
 * @throws ApprovalError `queued_intent_claimed`, `queued_intent_settled`.
 */
export async function claimIntent(
  tx: DatabaseTransaction,
  { id, state }: StoredIntent,
  wish: { readonly staff: StaffId; readonly takeOverFrom: StaffId | null },
  by: QueueActor,
  clock: Clock,
): Promise<void> {
  if (isSettled(state)) throw new ApprovalError('queued_intent_settled', 'Nobody needs to look after it.');
  const { claim } = await careOf(tx, id, clock.nowMs());
  if (claim !== null && claim.by !== wish.staff && claim.by !== wish.takeOverFrom) {
    throw new ApprovalError('queued_intent_claimed', 'Somebody else looks after it.', {
      details: { by: claim.by, at: claim.at.toISOString() },
    });
  }
  const held = { staffId: idToUuid(wish.staff), claimedAt: new Date(clock.nowMs()) };
  await tx.intentClaim.upsert({
    where: { intentId: idToUuid(id) },
    create: { intentId: idToUuid(id), ...held },
    update: held,
  });
  if (claim?.by === wish.staff) return;
  const before = claim === null ? {} : { from: claim.by };
  await note(tx, id, by, 'intent.claim', { after: { by: wish.staff, ...before } }, clock);
}

/** Leaves it to others; nothing happens when it is not theirs. */
export async function unclaimIntent(
  tx: DatabaseTransaction,
  id: IntentId,
  staff: StaffId,
  by: QueueActor,
  clock: Clock,
): Promise<void> {
  const { count } = await tx.intentClaim.deleteMany({
    where: { intentId: idToUuid(id), staffId: idToUuid(staff) },
  });
  if (count > 0) await note(tx, id, by, 'intent.unclaim', {}, clock);
}

/** Notes something for staff; it stays. */
export async function commentIntent(
  tx: DatabaseTransaction,
  id: IntentId,
  comment: { readonly id: Id<'comment'>; readonly staff: StaffId; readonly text: string },
  by: QueueActor,
  clock: Clock,
): Promise<void> {
  const { id: commentId, staff, text } = comment;
  await tx.intentComment.create({
    data: {
      id: idToUuid(commentId),
      intentId: idToUuid(id),
      staffId: idToUuid(staff),
      text,
      at: new Date(clock.nowMs()),
    },
  });
  await note(tx, id, by, 'intent.comment', { after: { comment: commentId }, reason: text }, clock);
}
