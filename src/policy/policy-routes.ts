import { requestActor } from '../approvals/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { handle, handleOnce, type BoundOperation, type Principal } from '../http/index.ts';
import { DEFAULT_PAGE_LIMIT } from '../http/fields-contract.ts';
import { isIdOf, parseId, type StaffId } from '../shared/index.ts';
import { assess, draftPolicy, proposeDraft } from './change-policy.ts';
import { looseningSentence } from './compare-documents.ts';
import { DEFAULT_VERSION } from './default-document.ts';
import { parsePolicyDocument } from './document.ts';
import type { PolicyChangeParts } from './policy-change-parts.ts';
import * as contract from './policy-contract.ts';
import { findDraft, listDrafts, type PolicyDraft } from './policy-draft.ts';
import { listVersions, numberInForce, type PolicyVersion } from './policy-store.ts';
import { simulate } from './simulate-draft.ts';

const MONTH_MS = 30 * 24 * 3_600_000;

function staffOf({ id }: Principal): StaffId {
  return parseId('staff', id);
}

function versionSummary({ number, document, hash, loosens, proposedBy, inForceAt }: PolicyVersion) {
  return { version: number, title: document.title, hash, loosens, proposedBy, inForceAt };
}

function versionView(version: PolicyVersion) {
  return { ...versionSummary(version), document: version.document };
}

function draftSummary({
  id,
  document,
  hash,
  baseVersion,
  reason,
  createdBy,
  createdAt,
  intentId,
  version,
}: PolicyDraft) {
  return {
    id,
    title: document.title,
    hash,
    baseVersion,
    reason,
    createdBy,
    createdAt,
    intent: intentId,
    version,
  };
}

async function draftView(parts: PolicyChangeParts, tx: DatabaseTransaction, draft: PolicyDraft) {
  const base = await parts.policy.find(tx, draft.baseVersion);
  const { loosens, unmeetable } = assess(base, draft.document, await parts.manifest());
  return {
    ...draftSummary(draft),
    document: draft.document,
    loosens: loosens.map(looseningSentence),
    unmeetable: unmeetable.map(({ because }) => because),
  };
}

function readingRoutes(parts: PolicyChangeParts): BoundOperation[] {
  const { database, policy } = parts;
  return [
    handle(contract.getPolicy, async () => ({
      status: 200,
      body: versionView(await policy.current(database)),
    })),
    handle(contract.getPolicyVersion, async ({ params }) => ({
      status: 200,
      body: versionView(await policy.find(database, Number(params.version))),
    })),
    handle(contract.listPolicyVersions, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [after] = query.after === undefined ? [] : cursors.decode(query.after);
      const before = after === undefined ? (await numberInForce(database)) + 1 : Number(after);
      const stored = await listVersions(database, { before, limit: limit + 1 });
      const isAll = stored.length <= limit && before > DEFAULT_VERSION;
      const all = isAll ? [...stored, await policy.find(database, DEFAULT_VERSION)] : stored;
      const items = all.slice(0, limit).map(versionSummary);
      const last = items.at(-1);
      const hasMore = last !== undefined && last.version > DEFAULT_VERSION;
      return {
        status: 200,
        body: { items, nextCursor: hasMore ? cursors.encode([String(last.version)]) : null },
      };
    }),
  ];
}

function draftRoutes(parts: PolicyChangeParts): BoundOperation[] {
  const { database, policy, clock } = parts;
  return [
    handle(contract.listPolicyDrafts, async ({ query, cursors }) => {
      const limit = query.limit ?? DEFAULT_PAGE_LIMIT;
      const [cursor] = query.after === undefined ? [] : cursors.decode(query.after);
      const after = cursor !== undefined && isIdOf('policy', cursor) ? cursor : null;
      const found = await listDrafts(database, { after, limit: limit + 1 });
      const items = found.slice(0, limit).map(draftSummary);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last !== undefined ? cursors.encode([last.id]) : null;
      return { status: 200, body: { items, nextCursor } };
    }),
    handle(contract.getPolicyDraft, async ({ params }) => {
      const body = await inTransaction(database, async (tx) =>
        draftView(parts, tx, await findDraft(tx, params.draftId)),
      );
      return { status: 200, body };
    }),
    handle(contract.simulatePolicyDraft, async ({ params, query }) => {
      const until = query.until ?? new Date(clock.nowMs());
      const from = query.from ?? new Date(until.getTime() - MONTH_MS);
      const simulation = await inTransaction(database, async (tx) => {
        const draft = await findDraft(tx, params.draftId);
        const base =
          query.against === undefined
            ? await policy.current(tx)
            : await policy.find(tx, Number(query.against));
        const found = await simulate(tx, base.document, draft.document, { from, until });
        return { against: base.number, ...found };
      });
      const shown = simulation.shown.map((it) => ({ ...it, intent: parseId('intent', it.intent) }));
      return { status: 200, body: { ...simulation, shown } };
    }),
  ];
}

function changingRoutes(parts: PolicyChangeParts): BoundOperation[] {
  return [
    handleOnce(contract.draftPolicy, async (request, effect) => {
      const document = parsePolicyDocument(request.body.document);
      const { reason } = request.body;
      const wish = { id: effect.id('policy'), document, reason, createdBy: staffOf(request.principal) };
      return await effect.commit(async (tx) => {
        const draft = await draftPolicy(parts, tx, wish, requestActor(request));
        return { status: 201, body: await draftView(parts, tx, draft) };
      });
    }),
    handleOnce(contract.proposePolicyDraft, async (request, effect) => {
      const { draftId: draft } = request.params;
      const proposal = { draft, intent: effect.id('intent'), proposer: staffOf(request.principal) };
      return await effect.commit(async (tx) => {
        const proposed = await proposeDraft(parts, tx, proposal, requestActor(request));
        return { status: 202, body: await draftView(parts, tx, proposed) };
      });
    }),
  ];
}

/** The policy and its drafts, for staff. */
export function policyRoutes(parts: PolicyChangeParts): readonly BoundOperation[] {
  return [...readingRoutes(parts), ...draftRoutes(parts), ...changingRoutes(parts)];
}
