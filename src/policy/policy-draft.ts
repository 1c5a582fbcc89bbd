import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { idFromUuid, idToUuid, isIdOf, type Id, type IntentId, type StaffId } from '../shared/index.ts';
import { policyHash, policyText } from './document.ts';
import { PolicyError } from './errors.ts';
import type { PolicyDocument } from './policy-document-contract.ts';
import { readDocument, type PolicyVersion, type Tables } from './policy-store.ts';

export type PolicyDraftId = Id<'policy'>;

/** A policy that somebody wrote, and what became of it. */
export interface PolicyDraft {
  readonly id: PolicyDraftId;
  readonly document: PolicyDocument;
  readonly hash: string;
  readonly baseVersion: number;
  readonly reason: string;
  readonly createdBy: StaffId;
  readonly createdAt: Date;
  /** By which people approve it; null when it asks for nobody's approval, or was not proposed yet. */
  readonly intentId: IntentId | null;
  /** The version that it became. */
  readonly version: number | null;
}

const WITH_VERSION = {
  include: { version: { select: { number: true } } },
} as const satisfies Prisma.PolicyDraftDefaultArgs;

type DraftRow = Prisma.PolicyDraftGetPayload<typeof WITH_VERSION>;

function draftOf(row: DraftRow): PolicyDraft {
  const { hash, baseVersion, reason, createdAt, createdBy, intentId, version } = row;
  if (!isIdOf('staff', createdBy)) throw new RangeError('nobody wrote it');
  return {
    ...{ hash, baseVersion, reason, createdAt, createdBy },
    id: idFromUuid('policy', row.id),
    document: readDocument(row.document, hash),
    intentId: intentId === null ? null : idFromUuid('intent', intentId),
    version: version?.number ?? null,
  };
}

/** @throws PolicyError `policy_draft_unknown`, `policy_damaged`. */
export async function findDraft(tables: Tables, id: PolicyDraftId): Promise<PolicyDraft> {
  const row = await tables.policyDraft.findUnique({ where: { id: idToUuid(id) }, ...WITH_VERSION });
  if (row === null) throw new PolicyError('policy_draft_unknown', 'There is no such draft.');
  return draftOf(row);
}

/** Drafts, the newest first. */
export async function listDrafts(
  tables: Tables,
  { after, limit }: { readonly after: PolicyDraftId | null; readonly limit: number },
): Promise<readonly PolicyDraft[]> {
  const rows = await tables.policyDraft.findMany({
    ...(after === null ? {} : { where: { id: { lt: idToUuid(after) } } }),
    orderBy: { id: 'desc' },
    take: limit,
    ...WITH_VERSION,
  });
  return rows.map(draftOf);
}

/** Writes a draft down; it changes nothing by itself. */
export async function insertDraft(
  tx: DatabaseTransaction,
  draft: {
    readonly id: PolicyDraftId;
    readonly document: PolicyDocument;
    readonly base: PolicyVersion;
    readonly reason: string;
    readonly createdBy: StaffId;
    readonly createdAt: Date;
  },
): Promise<PolicyDraft> {
  const { id, document, base, reason, createdBy, createdAt } = draft;
  await tx.policyDraft.create({
    data: {
      ...{ reason, createdBy, createdAt },
      id: idToUuid(id),
      document: policyText(document),
      hash: policyHash(document),
      baseVersion: base.number,
    },
  });
  return await findDraft(tx, id);
}

/** The draft waits for approvals from now on. */
export async function linkIntent(
  tx: DatabaseTransaction,
  draft: PolicyDraft,
  intent: IntentId,
): Promise<void> {
  await tx.policyDraft.update({
    where: { id: idToUuid(draft.id) },
    data: { intentId: idToUuid(intent) },
  });
}

/** One after the other: what is put in force follows what was compared. Lasts until the transaction ends. */
export async function lockPolicy(tx: DatabaseTransaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('trilock/policy-change'))`;
}
