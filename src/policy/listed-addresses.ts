import { appendAudit } from '../audit/index.ts';
import type { QueueActor } from '../approvals/index.ts';
import type { NetworkName } from '../bitcoin/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { FreezeError } from '../freeze/index.ts';
import {
  idFromUuid,
  idToUuid,
  newId,
  type Clock,
  type CustomerId,
  type Id,
  type StaffId,
} from '../shared/index.ts';
import { canonicalAddress } from './address-book.ts';
import { ListError } from './lists-errors.ts';
import type { Tables } from './policy-store.ts';

export type ListingId = Id<'listing'>;

const YEAR_MS = 366 * 24 * 3_600_000;
const KINDS = ['watched', 'blocked', 'sanctioned'] as const;

export interface Listed {
  readonly id: ListingId;
  readonly address: string;
  readonly reputation: (typeof KINDS)[number];
  readonly source: string;
  readonly reference: string;
  readonly reason: string;
  readonly enteredBy: string;
  readonly enteredAt: Date;
  readonly expiresAt: Date | null;
}

function listedOf(row: Prisma.ListedAddressModel): Listed {
  const reputation = KINDS.find((kind) => kind === row.reputation);
  if (reputation === undefined) throw new RangeError(`an address is ${row.reputation}`);
  const { address, source, reference, reason, enteredBy, enteredAt, expiresAt } = row;
  return {
    ...{ address, reputation, source, reference, reason, enteredBy, enteredAt, expiresAt },
    id: idFromUuid('listing', row.id),
  };
}

/** What is or was listed, the newest first. */
export async function listListed(
  tables: Tables,
  page: { readonly address: string | null; readonly after: ListingId | null; readonly limit: number },
): Promise<readonly Listed[]> {
  const { address, after, limit } = page;
  const rows = await tables.listedAddress.findMany({
    where: {
      ...(address === null ? {} : { address }),
      ...(after === null ? {} : { id: { lt: idToUuid(after) } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(listedOf);
}

/**
 * Lists an address, at once and until a day that is named.
 * @throws ListError `destination_invalid`, `listing_invalid` for an end that is past or too far away.
 */
export async function listAddress(
  { clock, network }: { readonly clock: Clock; readonly network: NetworkName },
  tx: DatabaseTransaction,
  wish: {
    readonly id: ListingId;
    readonly address: string;
    readonly reputation: 'watched' | 'blocked';
    readonly reference: string;
    readonly reason: string;
    readonly expiresAt: Date;
  },
  staff: StaffId,
  by: QueueActor,
): Promise<Listed> {
  const { id, reputation, reference, reason, expiresAt } = wish;
  const address = canonicalAddress(wish.address, network);
  const nowMs = clock.nowMs();
  if (expiresAt.getTime() <= nowMs || expiresAt.getTime() > nowMs + YEAR_MS) {
    throw new ListError('listing_invalid', 'An entry ends within a year, and not before it begins.');
  }
  const row = await tx.listedAddress.create({
    data: {
      ...{ address, reputation, reference, reason, expiresAt },
      id: idToUuid(id),
      source: 'staff',
      enteredBy: staff,
      enteredAt: new Date(nowMs),
    },
  });
  const { actor, strength, requestId } = by;
  const entry = { actor, strength, action: 'list.enter', entity: id, reason };
  const after = { address, reputation, reference, expiresAt: expiresAt.toISOString() };
  await appendAudit(tx, { ...entry, after, ...(requestId === undefined ? {} : { requestId }) }, clock);
  return listedOf(row);
}

export interface RiskScore {
  readonly customer: CustomerId;
  readonly score: number;
  readonly reason: string;
  readonly judgedBy: string;
  readonly judgedAt: Date;
}

function riskOf(row: Prisma.RiskScoreModel): RiskScore {
  const { score, reason, judgedBy, judgedAt } = row;
  return { score, reason, judgedBy, judgedAt, customer: idFromUuid('customer', row.customerId) };
}

/** How a customer was judged, the newest first. */
export async function listRisks(tables: Tables, customer: CustomerId): Promise<readonly RiskScore[]> {
  const rows = await tables.riskScore.findMany({
    where: { customerId: idToUuid(customer) },
    orderBy: { id: 'desc' },
    take: 100,
  });
  return rows.map(riskOf);
}

/** Notes what compliance thinks of a customer. @throws FreezeError `customer_unknown`. */
export async function judgeRisk(
  clock: Clock,
  tx: DatabaseTransaction,
  judgement: {
    readonly customer: CustomerId;
    readonly score: number;
    readonly reason: string;
    readonly judgedBy: StaffId;
  },
  by: QueueActor,
): Promise<RiskScore> {
  const { customer, score, reason, judgedBy } = judgement;
  const customerId = idToUuid(customer);
  if ((await tx.customer.count({ where: { id: customerId } })) === 0) {
    throw new FreezeError('customer_unknown', 'There is no customer with this id.');
  }
  const last = await tx.riskScore.findFirst({ where: { customerId }, orderBy: { id: 'desc' } });
  const before = { score: last?.score ?? null };
  const id = idToUuid(newId('listing'));
  const judgedAt = new Date(clock.nowMs());
  const row = await tx.riskScore.create({ data: { id, customerId, score, reason, judgedBy, judgedAt } });
  const { actor, strength, requestId } = by;
  const entry = { actor, strength, action: 'risk.judge', entity: customer, before, after: { score }, reason };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  return riskOf(row);
}
