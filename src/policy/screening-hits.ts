import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import {
  idFromUuid,
  idToUuid,
  type Clock,
  type CustomerId,
  type Id,
  type IntentId,
  type StaffId,
} from '../shared/index.ts';
import { ListError } from './lists-errors.ts';
import type { Tables } from './policy-store.ts';

export type ScreeningHitId = Id<'screeningHit'>;

/** How a payment has to do with a listed address. */
export const HIT_KINDS = ['paid_to', 'received_from', 'own_address'] as const;
export type HitKind = (typeof HIT_KINDS)[number];

/** A payment that has to do with an address that was listed after it, and what people said of it. */
export interface ScreeningHit {
  readonly id: ScreeningHitId;
  readonly kind: HitKind;
  readonly address: string;
  readonly listing: Id<'listing'>;
  readonly reputation: string;
  readonly source: string;
  readonly reference: string;
  /** The intent that pays the address, or the deposit. */
  readonly subject: IntentId | Id<'deposit'>;
  readonly customer: CustomerId | null;
  readonly outcome: string;
  readonly foundAt: Date;
  readonly settledAt: Date | null;
  readonly settledBy: string | null;
  readonly settledReason: string | null;
}

const WITH_LISTING = { include: { listing: true } } as const satisfies Prisma.ScreeningHitDefaultArgs;

export function subjectOf(kind: HitKind, uuid: string): ScreeningHit['subject'] {
  return kind === 'paid_to' ? idFromUuid('intent', uuid) : idFromUuid('deposit', uuid);
}

function hitOf(row: Prisma.ScreeningHitGetPayload<typeof WITH_LISTING>): ScreeningHit {
  const kind = HIT_KINDS.find((name) => name === row.kind);
  if (kind === undefined) throw new RangeError(`a hit is ${row.kind}`);
  const { address, outcome, foundAt, settledAt, settledBy, settledReason } = row;
  const { reputation, source, reference } = row.listing;
  return {
    ...{ kind, address, outcome, foundAt, settledAt, settledBy, settledReason },
    ...{ reputation, source, reference },
    id: idFromUuid('screeningHit', row.id),
    listing: idFromUuid('listing', row.listingId),
    subject: subjectOf(kind, row.subjectId),
    customer: row.customerId === null ? null : idFromUuid('customer', row.customerId),
  };
}

/** Hits, the newest first. */
export async function listHits(
  tables: Tables,
  page: {
    readonly isSettled: boolean | null;
    readonly customer: CustomerId | null;
    readonly after: ScreeningHitId | null;
    readonly limit: number;
  },
): Promise<readonly ScreeningHit[]> {
  const { isSettled, customer, after, limit } = page;
  const rows = await tables.screeningHit.findMany({
    where: {
      ...(isSettled === null ? {} : { settledAt: isSettled ? { not: null } : null }),
      ...(customer === null ? {} : { customerId: idToUuid(customer) }),
      ...(after === null ? {} : { id: { lt: idToUuid(after) } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
    ...WITH_LISTING,
  });
  return rows.map(hitOf);
}

/**
 * Writes down what somebody found out about a hit; it is once and for all.
 * @throws ListError `screening_hit_unknown`, `screening_hit_settled`.
 */
export async function settleHit(
  tx: DatabaseTransaction,
  clock: Clock,
  settlement: { readonly id: ScreeningHitId; readonly reason: string; readonly staff: StaffId },
  by: QueueActor,
): Promise<ScreeningHit> {
  const { id, reason, staff } = settlement;
  const where = { id: idToUuid(id) };
  const { count } = await tx.screeningHit.updateMany({
    where: { ...where, settledAt: null },
    data: { settledAt: new Date(clock.nowMs()), settledBy: staff, settledReason: reason },
  });
  const row = await tx.screeningHit.findUnique({ where, ...WITH_LISTING });
  if (row === null) throw new ListError('screening_hit_unknown', 'There is no such hit.');
  if (count === 0) throw new ListError('screening_hit_settled', 'Somebody has settled this hit already.');
  const { actor, strength, requestId } = by;
  const entry = { actor, strength, action: 'screening.settle', entity: id, reason };
  const [before, after] = [{ settled: false }, { settled: true, address: row.address }];
  await appendAudit(
    tx,
    { ...entry, before, after, ...(requestId === undefined ? {} : { requestId }) },
    clock,
  );
  return hitOf(row);
}
