import { appendAudit } from '../audit/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { idFromUuid, idToUuid, type Clock, type IntentId } from '../shared/index.ts';
import { findIntent } from './intent-store.ts';
import { careOf, CLAIM_MS } from './intent-care.ts';

const BATCH = 50;
const WORKER = { actor: { kind: 'process', id: 'worker' }, strength: 'process' } as const;
/** Who hears of what compliance has left lying. */
const FURTHER_ROLE = 'officer';

export interface EscalationLimits {
  /** How long an open intent may lie that nobody has claimed. */
  readonly unclaimedMs: number;
  /** How long one may lie at all without a word on it. */
  readonly unapprovedMs: number;
}

async function escalate(tx: DatabaseTransaction, id: IntentId, limits: EscalationLimits, clock: Clock) {
  await tx.$queryRaw`SELECT 1 FROM queued_intent WHERE id = ${idToUuid(id)}::uuid FOR UPDATE`;
  const stored = await findIntent(tx, id);
  const { claim, escalatedAt } = await careOf(tx, id, clock.nowMs());
  const lyingMs = clock.nowMs() - stored.changedAt.getTime();
  const isDue = lyingMs >= (claim === null ? limits.unclaimedMs : limits.unapprovedMs);
  if (stored.state !== 'open' || escalatedAt !== null || !isDue) return false;
  await tx.intentEscalation.create({
    data: { intentId: idToUuid(id), escalatedAt: new Date(clock.nowMs()) },
  });
  const { hash } = stored;
  const { kind } = stored.intent;
  const since = stored.changedAt.toISOString();
  const after = { to: FURTHER_ROLE, since, claimed: claim?.by ?? 'nobody' };
  await appendAudit(tx, { ...WORKER, action: 'intent.escalate', entity: id, after }, clock);
  const data = { intent: id, kind, hash, to: FURTHER_ROLE, since };
  await appendEvent(tx, { type: 'approval.escalated', subject: id, customer: null, data }, clock);
  return true;
}

/**
 * Tells a further role of open intents that nobody looks after, or that lie although somebody does; once for each.
 * @returns how many.
 */
export async function escalateIntents(
  database: Database,
  clock: Clock,
  limits: EscalationLimits,
  onFailure: (thrown: unknown) => void,
): Promise<number> {
  const nowMs = clock.nowMs();
  const claimedSince = new Date(nowMs - CLAIM_MS);
  const lying = await database.queuedIntent.findMany({
    where: {
      state: 'open',
      escalation: null,
      OR: [
        {
          changedAt: { lte: new Date(nowMs - limits.unclaimedMs) },
          OR: [{ claim: null }, { claim: { claimedAt: { lte: claimedSince } } }],
        },
        { changedAt: { lte: new Date(nowMs - limits.unapprovedMs) } },
      ],
    },
    orderBy: { changedAt: 'asc' },
    take: BATCH,
    select: { id: true },
  });
  let told = 0;
  for (const { id } of lying) {
    try {
      const isTold = await inTransaction(database, (tx) =>
        escalate(tx, idFromUuid('intent', id), limits, clock),
      );
      if (isTold) told += 1;
    } catch (thrown) {
      onFailure(thrown);
    }
  }
  return told;
}
