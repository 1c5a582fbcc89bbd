import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { explainIntent } from '../intents/index.ts';
import { idToUuid, parseId, type Clock } from '../shared/index.ts';
import * as contract from './approval-contract.ts';
import { ApprovalError } from './errors.ts';
import type { ApprovalQueue } from './approval-queue.ts';
import { findIntent, storedIntentOf, WITH_APPROVALS } from './intent-store.ts';
import { requestActor } from './request-actor.ts';
import type { StoredIntent } from './stored-intent.ts';
import { withAlarm } from './suspicion.ts';

export interface ApprovalRouteParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
}

function summaryOf({ id, hash, state, intent }: StoredIntent) {
  return {
    id,
    kind: intent.kind,
    hash,
    state,
    createdAt: new Date(intent.createdAt),
    expiresAt: new Date(intent.expiresAt),
    explanation: [...explainIntent(intent)],
  };
}

async function detailOf(tx: DatabaseTransaction, queue: ApprovalQueue, stored: StoredIntent) {
  const outcome = await queue.requirement(tx, stored.intent);
  const { intent, request, approvals, reason } = stored;
  const isDenied = outcome.outcome === 'deny';
  const rules = isDenied ? [] : outcome.rules;
  const needed = rules.map(({ approvals: people, localApprovals, roles }) => ({
    ...{ approvals: people, localApprovals },
    roles: [...roles],
  }));
  const policy = { denied: isDenied, because: isDenied ? [outcome.reason] : [...outcome.because] };
  return { ...summaryOf(stored), intent, request, approvals: [...approvals], needed, policy, reason };
}

async function page(
  tx: DatabaseTransaction,
  state: string,
  limit: number,
  after: string | undefined,
): Promise<readonly StoredIntent[]> {
  const rows = await tx.queuedIntent.findMany({
    where: { state, ...(after === undefined ? {} : { id: { gt: idToUuid(parseId('intent', after)) } }) },
    orderBy: { id: 'asc' },
    take: limit + 1,
    ...WITH_APPROVALS,
  });
  return rows.map(storedIntentOf);
}

/** The approval queue, for staff. */
export function approvalRoutes(parts: ApprovalRouteParts): readonly BoundOperation[] {
  const { database, queue } = parts;
  return [
    handle(contract.listIntents, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const found = await inTransaction(database, (tx) => page(tx, query.state ?? 'open', limit, after));
      const shown = found.slice(0, limit);
      const last = shown.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items: shown.map(summaryOf), nextCursor } };
    }),
    handle(contract.getIntent, async ({ params }) => {
      const body = await inTransaction(database, async (tx) =>
        detailOf(tx, queue, await findIntent(tx, params.intentId)),
      );
      return { status: 200, body };
    }),
    handleOnce(contract.signIntent, async (request, effect) => {
      const { params, body, principal } = request;
      return await effect.commit(async (tx) => {
        const { intent } = await queue.lock(tx, params.intentId);
        if (intent.requester !== principal.id) {
          throw new ApprovalError('queued_intent_of_another', 'Somebody else asks for this.');
        }
        const stored = await queue.sign(tx, params.intentId, body, requestActor(request));
        return { status: 200, body: await detailOf(tx, queue, stored) };
      });
    }),
    handleOnce(contract.judgeIntent, async (request, effect) => {
      const { params, body, principal } = request;
      const by = requestActor(request);
      const about = { subject: params.intentId, during: 'intent.judge' };
      return await withAlarm(parts, about, by, () =>
        effect.commit(async (tx) => {
          const stored = await queue.judge(tx, params.intentId, body, principal.id, by);
          return { status: 200, body: await detailOf(tx, queue, stored) };
        }),
      );
    }),
  ];
}
