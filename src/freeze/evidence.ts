import { createHash } from 'node:crypto';
import { appendAudit, recordedAfter } from '../audit/index.ts';
import { withAlarm, type QueueActor } from '../approvals/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, type Clock, type Id } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import { EVIDENCE_TYPES, MAX_EVIDENCE_FILES, type EvidenceType } from './evidence-types-contract.ts';
import { requireType } from './evidence-types.ts';
import { findRestriction, type Tables } from './restriction-store.ts';
import type { RestrictionId } from './restriction.ts';

export type EvidenceId = Id<'evidence'>;

/** A file that says why an account is restricted. */
export interface Evidence {
  readonly id: EvidenceId;
  readonly restriction: RestrictionId;
  readonly name: string;
  readonly mediaType: EvidenceType;
  readonly bytes: number;
  /** Of the content, hex. */
  readonly sha256: string;
  readonly addedBy: string;
  readonly addedAt: Date;
}

/** How the audit log says that it was attached; its hash there is what the file is compared with. */
const ATTACHED = 'restriction.attach';
const READ = 'restriction.evidence_read';

const HEAD = {
  ...{ id: true, restrictionId: true, name: true, mediaType: true, bytes: true, sha256: true },
  ...{ addedBy: true, addedAt: true },
} as const;

interface Row {
  readonly id: string;
  readonly restrictionId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly addedBy: string;
  readonly addedAt: Date;
}

function evidenceOf({ id, restrictionId, mediaType: type, ...row }: Row): Evidence {
  const mediaType = EVIDENCE_TYPES.find((known) => known === type);
  if (mediaType === undefined) throw new RangeError(`evidence says ${type}`);
  const { name, bytes, sha256, addedBy, addedAt } = row;
  const names = { id: idFromUuid('evidence', id), restriction: idFromUuid('restriction', restrictionId) };
  return { ...names, name, mediaType, bytes, sha256, addedBy, addedAt };
}

function sha256Of(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export interface NewEvidence extends Pick<Evidence, 'id' | 'restriction' | 'name' | 'mediaType' | 'addedBy'> {
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * Attaches a file to a restriction, as it is and for good; the audit log keeps its hash. @throws FreezeError
 * `restriction_unknown`, `evidence_type_refused`, `evidence_too_many`.
 */
export async function attachEvidence(
  tx: DatabaseTransaction,
  clock: Clock,
  { id, restriction, name, mediaType, addedBy, content }: NewEvidence,
  by: QueueActor,
): Promise<Evidence> {
  await findRestriction(tx, restriction);
  requireType(mediaType, content);
  const restrictionId = idToUuid(restriction);
  if ((await tx.evidence.count({ where: { restrictionId } })) >= MAX_EVIDENCE_FILES) {
    throw new FreezeError('evidence_too_many', `A restriction has at most ${MAX_EVIDENCE_FILES} files.`);
  }
  const head = { name, mediaType, bytes: content.length, sha256: sha256Of(content), addedBy };
  const row = await tx.evidence.create({
    data: { ...head, id: idToUuid(id), restrictionId, content, addedAt: new Date(clock.nowMs()) },
    select: HEAD,
  });
  const { actor, strength, requestId } = by;
  const after = { evidence: id, name, mediaType, bytes: head.bytes, sha256: head.sha256 };
  const entry = { actor, strength, action: ATTACHED, entity: restriction, after };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  return evidenceOf(row);
}

/** What is attached to a restriction, the oldest first. @throws FreezeError `restriction_unknown`. */
export async function listEvidence(tables: Tables, restriction: RestrictionId): Promise<readonly Evidence[]> {
  await findRestriction(tables, restriction);
  const where = { restrictionId: idToUuid(restriction) };
  return (await tables.evidence.findMany({ where, select: HEAD, orderBy: { id: 'asc' } })).map(evidenceOf);
}

/** Compares a file with what the audit log says of the moment at which it was attached. */
async function requireUnchanged(
  tx: DatabaseTransaction,
  evidence: Evidence,
  content: Uint8Array,
): Promise<void> {
  const { id, restriction, name, mediaType, bytes, sha256 } = evidence;
  const entries = await recordedAfter(tx, restriction, ATTACHED);
  const isRecorded = entries.some((entry) => {
    const said = entry as Partial<Record<string, unknown>> | null;
    const isSame = said?.['evidence'] === id && said['name'] === name && said['mediaType'] === mediaType;
    return isSame && said['bytes'] === content.length && said['sha256'] === sha256Of(content);
  });
  if (isRecorded && bytes === content.length && sha256 === sha256Of(content)) return;
  throw new FreezeError('evidence_damaged', 'The file is not what was attached.', {
    details: { evidence: id },
  });
}

/**
 * A file as it was attached; who read it is on record. @throws FreezeError `evidence_unknown`, `evidence_damaged`
 * (with an alert).
 */
export async function readEvidence(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  id: EvidenceId,
  by: QueueActor,
): Promise<Evidence & { readonly content: Uint8Array }> {
  const about = { subject: id, during: 'evidence.read' };
  return await withAlarm({ database, clock }, about, by, () =>
    inTransaction(database, async (tx) => {
      const row = await tx.evidence.findUnique({ where: { id: idToUuid(id) } });
      if (row === null) throw new FreezeError('evidence_unknown', 'There is no such file.');
      const { content } = row;
      const evidence = evidenceOf(row);
      await requireUnchanged(tx, evidence, content);
      const { actor, strength, requestId } = by;
      const entry = {
        ...{ actor, strength, action: READ, entity: evidence.restriction },
        after: { evidence: id },
      };
      await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
      return { ...evidence, content };
    }),
  );
}
