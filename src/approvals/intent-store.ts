import type { Prisma } from '../database/index.ts';
import { type DatabaseTransaction } from '../database/index.ts';
import {
  intentHash,
  parseIntent,
  type Approval,
  type Intent,
  type RequestSignature,
} from '../intents/index.ts';
import { approvalSchema, requestSignatureSchema } from '../intents/approval-contract.ts';
import {
  canonicalJson,
  idFromUuid,
  idToUuid,
  parseId,
  type IntentId,
  type JsonValue,
} from '../shared/index.ts';
import { ApprovalError } from './errors.ts';
import { QUEUE_STATES, type QueueState, type StoredIntent } from './stored-intent.ts';

export const WITH_APPROVALS = {
  include: { approvals: { orderBy: [{ receivedAt: 'asc' }, { staffId: 'asc' }] } },
} as const satisfies Prisma.QueuedIntentDefaultArgs;

export type IntentRow = Prisma.QueuedIntentGetPayload<typeof WITH_APPROVALS>;

function damaged(id: string, what: string): never {
  throw new ApprovalError('queued_intent_damaged', 'This intent is not what was written down.', {
    details: { intent: id },
    internal: `stored ${what} disagrees with the canonical bytes`,
  });
}

function read<T>(id: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    return damaged(id, what);
  }
}

function approvalsOf(row: IntentRow, id: string): Approval[] {
  const counting = row.approvals.filter(({ round }) => round === row.round);
  return counting.map(({ content, staffId, decision }) => {
    const approval = read(id, 'approval', () => approvalSchema.parse(JSON.parse(content)));
    const { statement } = approval;
    if (statement.decision !== decision || statement.approver !== idFromUuid('staff', staffId)) {
      damaged(id, 'approver');
    }
    return approval;
  });
}

/** Whom it is about; nobody for what concerns the institution alone. */
function customerColumn({ body }: Intent): string | null {
  return 'customer' in body ? idToUuid(parseId('customer', body.customer)) : null;
}

/**
 * Reads a row from its canonical bytes and compares everything beside them, so that whoever writes to the table can
 * stop an intent but not change it. @throws ApprovalError `queued_intent_damaged`.
 */
export function storedIntentOf(row: IntentRow): StoredIntent {
  const id = idFromUuid('intent', row.id);
  const intent = read(id, 'intent', () => parseIntent(JSON.parse(row.canonical)));
  if (canonicalJson(intent as JsonValue) !== row.canonical || intentHash(intent) !== row.hash)
    damaged(id, 'hash');
  const columns =
    intent.id === id &&
    intent.requester === row.requester &&
    intent.kind === row.kind &&
    customerColumn(intent) === row.customerId &&
    Date.parse(intent.expiresAt) === row.expiresAt.getTime();
  const state = QUEUE_STATES.find((name) => name === row.state);
  if (!columns || state === undefined) damaged(id, 'column');
  const { request } = row;
  return {
    intent,
    id,
    hash: row.hash,
    state,
    version: row.version,
    round: row.round,
    request:
      request === null ? null : read(id, 'request', () => requestSignatureSchema.parse(JSON.parse(request))),
    approvals: approvalsOf(row, id),
    reason: row.reason,
    changedAt: row.changedAt,
  };
}

/** @throws ApprovalError `queued_intent_unknown`, `queued_intent_damaged`. */
export async function findIntent(tx: DatabaseTransaction, id: IntentId): Promise<StoredIntent> {
  const row = await tx.queuedIntent.findUnique({ where: { id: idToUuid(id) }, ...WITH_APPROVALS });
  if (row === null) throw new ApprovalError('queued_intent_unknown', 'There is no such intent.');
  return storedIntentOf(row);
}

export async function insertIntent(tx: DatabaseTransaction, intent: Intent, at: Date): Promise<StoredIntent> {
  const hash = intentHash(intent);
  await tx.queuedIntent.create({
    data: {
      id: idToUuid(parseId('intent', intent.id)),
      kind: intent.kind,
      canonical: canonicalJson(intent as JsonValue),
      hash,
      requester: intent.requester,
      customerId: customerColumn(intent),
      state: 'draft',
      createdAt: intent.createdAt,
      expiresAt: intent.expiresAt,
      changedAt: at,
    },
  });
  return await findIntent(tx, parseId('intent', intent.id));
}

export interface IntentChange {
  readonly state: QueueState;
  readonly request?: RequestSignature;
  readonly reason?: string;
  readonly round?: number;
}

/** Stores the next state, once. @throws ApprovalError `queued_intent_changed_meanwhile` (retryable). */
export async function changeIntent(
  tx: DatabaseTransaction,
  { id, state, version }: StoredIntent,
  change: IntentChange,
  at: Date,
): Promise<void> {
  const { count } = await tx.queuedIntent.updateMany({
    where: { id: idToUuid(id), state, version },
    data: {
      state: change.state,
      version: version + 1,
      changedAt: at,
      ...(change.request === undefined ? {} : { request: canonicalJson(change.request as JsonValue) }),
      ...(change.reason === undefined ? {} : { reason: change.reason }),
      ...(change.round === undefined ? {} : { round: change.round }),
    },
  });
  if (count === 1) return;
  throw new ApprovalError('queued_intent_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

export async function insertApproval(
  tx: DatabaseTransaction,
  { id, round }: Pick<StoredIntent, 'id' | 'round'>,
  approval: Approval,
  at: Date,
): Promise<void> {
  const { approver, decision } = approval.statement;
  await tx.intentApproval.create({
    data: {
      intentId: idToUuid(id),
      staffId: idToUuid(parseId('staff', approver)),
      decision,
      round,
      content: canonicalJson(approval as JsonValue),
      receivedAt: at,
    },
  });
}
