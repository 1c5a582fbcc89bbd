import { isSettled, type ApprovalQueue, type QueueActor } from '../approvals/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { raiseAlert, type NewAlert } from '../events/index.ts';
import { idFromUuid, idToUuid, newId, type Clock, type IntentId } from '../shared/index.ts';
import { REPUTATIONS } from './policy-document-contract.ts';
import { subjectOf, type HitKind } from './screening-hits.ts';

const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };
/** Listings looked at in one round, and hits of one that are written down in one transaction. */
const LISTINGS_AT_ONCE = 50;
const HITS_AT_ONCE = 50;
/** Of each listing so many hits raise an alert of their own; whoever comes to those finds the others in the list. */
const MAX_ALERTS = 100;

export interface ScreeningParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
}

interface Listing {
  readonly id: string;
  readonly address: string;
  readonly reputation: string;
  readonly source: string;
  readonly reference: string;
}

interface Candidate {
  readonly kind: HitKind;
  readonly subjectId: string;
  readonly customerId: string | null;
}

const CODES = {
  paid_to: 'destination_listed',
  received_from: 'deposit_source_listed',
  own_address: 'deposit_listed',
} as const satisfies Record<HitKind, string>;

const BY_WEIGHT: readonly string[] = REPUTATIONS;

/**
 * Payments to and from the address that are no hits of this listing yet, the newest first, nor hits, as grave or graver,
 * of another that nobody has looked at: an address that two lists name, or that is imported again, is looked at once.
 */
async function candidates(
  tx: DatabaseTransaction,
  { id, address, reputation }: Listing,
  atOnce: number,
): Promise<readonly Candidate[]> {
  const asBad = BY_WEIGHT.slice(BY_WEIGHT.indexOf(reputation));
  return await tx.$queryRaw<Candidate[]>`
    SELECT kind, subject_id::text AS "subjectId", customer_id::text AS "customerId"
    FROM (
      SELECT 'paid_to' AS kind, intent_id AS subject_id, customer_id, judged_at AS at
      FROM app.policy_payment WHERE address = ${address} AND NOT ended
      UNION ALL
      SELECT 'received_from', d.id, d.customer_id, d.detected_at
      FROM app.deposit_source s JOIN app.deposit d ON d.id = s.deposit_id WHERE s.address = ${address}
      UNION ALL
      SELECT 'own_address', d.id, d.customer_id, d.detected_at
      FROM app.wallet_address w JOIN app.deposit d ON d.address_id = w.id WHERE w.address = ${address}
    ) AS found
    WHERE NOT EXISTS (
      SELECT 1 FROM app.screening_hit h JOIN app.listed_address l ON l.id = h.listing_id
      WHERE h.subject_id = found.subject_id AND h.kind = found.kind
        AND (l.id = ${id}::uuid OR h.address = ${address} AND h.settled_at IS NULL AND l.reputation = ANY (${asBad}))
    )
    ORDER BY at DESC, subject_id LIMIT ${atOnce}`;
}

/** What is on its way is judged by the policy again; what it denies now goes no further. */
async function judgeAgain(parts: ScreeningParts, tx: DatabaseTransaction, id: IntentId): Promise<string> {
  const stored = await parts.queue.lock(tx, id);
  if (isSettled(stored.state)) return `it is ${stored.state}`;
  const outcome = await parts.queue.requirement(tx, stored.intent);
  if (outcome.outcome !== 'deny' || stored.state === 'draft') return `it is ${stored.state}, and goes on`;
  await parts.queue.deny(tx, id, WORKER, outcome.reason);
  return 'it was stopped';
}

function sentenceOf({ kind, customerId }: Candidate, listing: Listing, outcome: string): string {
  const { address, reputation, source, reference } = listing;
  const who = customerId === null ? 'The institution' : idFromUuid('customer', customerId);
  const deed = {
    paid_to: `${who} pays ${address}`,
    received_from: `${who} has received from ${address}`,
    own_address: `${who} has received at ${address}, an address of ours`,
  }[kind];
  return `${deed}, which is ${reputation} since now (${source}, ${reference}); ${outcome}. Consider a case for the customer.`;
}

async function writeHit(
  parts: ScreeningParts,
  tx: DatabaseTransaction,
  listing: Listing,
  found: Candidate,
  isTold: boolean,
): Promise<void> {
  const { kind, subjectId, customerId } = found;
  const subject = subjectOf(kind, subjectId);
  const outcome =
    kind === 'paid_to' ? await judgeAgain(parts, tx, idFromUuid('intent', subjectId)) : 'it is in the books';
  const id = idToUuid(newId('screeningHit'));
  const foundAt = new Date(parts.clock.nowMs());
  const { id: listingId, address } = listing;
  await tx.screeningHit.create({
    data: { id, listingId, address, kind, subjectId, customerId, outcome, foundAt },
  });
  if (isTold) await tell(parts, tx, subject, CODES[kind], sentenceOf(found, listing, outcome));
}

async function tell(
  { clock }: ScreeningParts,
  tx: DatabaseTransaction,
  subject: string,
  code: NewAlert['code'],
  text: string,
): Promise<void> {
  await raiseAlert(tx, { subject, code, during: 'list.screen', text }, WORKER, clock);
}

/** The next hits of a listing; when there are no more, it is done. */
async function screenNext(
  parts: ScreeningParts,
  tx: DatabaseTransaction,
  id: string,
  atOnce: number,
): Promise<void> {
  const [listing] = await tx.$queryRaw<Listing[]>`
    SELECT id::text, address, reputation, source, reference FROM app.listed_address
    WHERE id = ${id}::uuid AND screened_at IS NULL FOR UPDATE SKIP LOCKED`;
  if (listing === undefined) return;
  const before = await tx.screeningHit.count({ where: { listingId: id } });
  const found = await candidates(tx, listing, atOnce);
  for (const [index, candidate] of found.entries()) {
    await writeHit(parts, tx, listing, candidate, before + index < MAX_ALERTS);
  }
  if (found.length === atOnce) return;
  const total = before + found.length;
  if (total > MAX_ALERTS) {
    const text = `${total} payments have to do with ${listing.address}: see the hits of the lists.`;
    await tell(parts, tx, idFromUuid('listing', id), 'screening_hits_many', text);
  }
  const screenedAt = new Date(parts.clock.nowMs());
  await tx.listedAddress.update({ where: { id }, data: { screenedAt } });
}

/**
 * Looks for past and present payments to and from addresses that were listed meanwhile: each is written down for people
 * to look at, who are alerted, and what the policy denies now is stopped where it can be. The customer in question is
 * told nothing. A bounded number of hits at a time, each once, in one transaction with its alert; may be repeated after
 * a crash anywhere. @param atOnce so many hits in a transaction. @returns how many listings there were to look for.
 */
export async function screenListed(parts: ScreeningParts, atOnce = HITS_AT_ONCE): Promise<number> {
  const due = await parts.database.listedAddress.findMany({
    where: { screenedAt: null },
    orderBy: { id: 'asc' },
    take: LISTINGS_AT_ONCE,
    select: { id: true },
  });
  for (const { id } of due) await inTransaction(parts.database, (tx) => screenNext(parts, tx, id, atOnce));
  return due.length;
}
