import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation, type Principal } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { explainIntent } from '../intents/index.ts';
import { idToUuid, parseId, type Clock, type IntentId } from '../shared/index.ts';
import * as contract from './approval-contract.ts';
import * as care from './care-contract.ts';
import { careOf, claimIntent, commentIntent, unclaimIntent } from './intent-care.ts';
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

async function detailOf({ queue, clock }: ApprovalRouteParts, tx: DatabaseTransaction, stored: StoredIntent) {
  const outcome = await queue.requirement(tx, stored.intent);
  const { intent, request, approvals, reason } = stored;
  const isDenied = outcome.outcome === 'deny';
  const rules = isDenied ? [] : outcome.rules;
  const needed = rules.map(({ approvals: people, localApprovals, roles }) => ({
    ...{ approvals: people, localApprovals },
    roles: [...roles],
  }));
  const policy = { denied: isDenied, because: isDenied ? [outcome.reason] : [...outcome.because] };
  const { comments, ...rest } = await careOf(tx, stored.id, clock.nowMs());
  return {
    ...{ ...summaryOf(stored), intent, request, approvals: [...approvals], needed, policy, reason },
    ...{ ...rest, comments: [...comments] },
  };
}

/** Whoever asks deals with it; nobody does so in another's name. @throws ApprovalError `queued_intent_of_another`. */
async function ownWish(
  tx: DatabaseTransaction,
  queue: ApprovalQueue,
  id: IntentId,
  principal: Principal,
): Promise<void> {
  const { intent } = await queue.lock(tx, id);
  if (intent.requester === principal.id) return;
  throw new ApprovalError('queued_intent_of_another', 'Somebody else asks for this.');
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

/** Working on the queue together. */
function careRoutes(parts: ApprovalRouteParts): BoundOperation[] {
  const { database, clock, queue } = parts;
  const detail = async (tx: DatabaseTransaction, id: IntentId) =>
    detailOf(parts, tx, await findIntent(tx, id));
  return [
    handle(care.claimIntent, async (request) => {
      const { params, body, principal } = request;
      const wish = { staff: parseId('staff', principal.id), takeOverFrom: body.takeOverFrom };
      return await inTransaction(database, async (tx) => {
        const stored = await queue.lock(tx, params.intentId);
        await claimIntent(tx, stored, wish, requestActor(request), clock);
        return { status: 200, body: await detail(tx, stored.id) };
      });
    }),
    handle(care.unclaimIntent, async (request) => {
      const { params, principal } = request;
      const staff = parseId('staff', principal.id);
      return await inTransaction(database, async (tx) => {
        const { id } = await queue.lock(tx, params.intentId);
        await unclaimIntent(tx, id, staff, requestActor(request), clock);
        return { status: 200, body: await detail(tx, id) };
      });
    }),
    handleOnce(care.commentIntent, async (request, effect) => {
      const { params, body, principal } = request;
      const comment = {
        ...{ id: effect.id('comment'), text: body.text },
        staff: parseId('staff', principal.id),
      };
      return await effect.commit(async (tx) => {
        const { id } = await queue.lock(tx, params.intentId);
        await commentIntent(tx, id, comment, requestActor(request), clock);
        return { status: 200, body: await detail(tx, id) };
      });
    }),
    handleOnce(care.cancelIntent, async (request, effect) => {
      const { params, body, principal } = request;
      return await effect.commit(async (tx) => {
        await ownWish(tx, queue, params.intentId, principal);
        const stored = await queue.cancel(tx, params.intentId, requestActor(request), body.reason);
        return { status: 200, body: await detailOf(parts, tx, stored) };
      });
    }),
  ];
}

/** The approval queue, for staff. */
export function approvalRoutes(parts: ApprovalRouteParts): readonly BoundOperation[] {
  const { database, queue } = parts;
  return [
    ...careRoutes(parts),
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
        detailOf(parts, tx, await findIntent(tx, params.intentId)),
      );
      return { status: 200, body };
    }),
    handleOnce(contract.signIntent, async (request, effect) => {
      const { params, body, principal } = request;
      const by = requestActor(request);
      return await withAlarm(parts, { subject: params.intentId, during: 'intent.sign' }, by, () =>
        effect.commit(async (tx) => {
          await ownWish(tx, queue, params.intentId, principal);
          const stored = await queue.sign(tx, params.intentId, body, by);
          return { status: 200, body: await detailOf(parts, tx, stored) };
        }),
      );
    }),
    handleOnce(contract.judgeIntent, async (request, effect) => {
      const { params, body, principal } = request;
      const by = requestActor(request);
      const about = { subject: params.intentId, during: 'intent.judge' };
      return await withAlarm(parts, about, by, () =>
        effect.commit(async (tx) => {
          const stored = await queue.judge(tx, params.intentId, body, principal.id, by);
          return { status: 200, body: await detailOf(parts, tx, stored) };
        }),
      );
    }),
  ];
}
