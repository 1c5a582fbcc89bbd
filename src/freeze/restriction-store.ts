import type { Database, DatabaseTransaction, Prisma } from '../database/index.ts';
import { RESTRICTION_KINDS } from '../intents/index.ts';
import { idFromUuid, idToUuid, isIdOf, type CustomerId } from '../shared/index.ts';
import { FreezeError } from './errors.ts';
import { REASON_CODES, RESTRICTION_STATES, type RestrictionState } from './restriction-kinds-contract.ts';
import {
  decide,
  type Restriction,
  type RestrictionCommand,
  type RestrictionId,
  type WordedBy,
} from './restriction.ts';

export type Tables = Database | DatabaseTransaction;

function oneOf<const Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new RangeError(`a restriction says ${text}`);
  return found;
}

function orderOf({ orderIntentId, orderStatement }: Prisma.RestrictionModel): WordedBy | null {
  if (orderIntentId !== null) return { intent: idFromUuid('intent', orderIntentId) };
  return orderStatement === null ? null : { statement: orderStatement };
}

function restrictionOf(row: Prisma.RestrictionModel): Restriction {
  const { version, publicText, restrictedText, reviewAt, openedBy, openedAt, changedAt } = row;
  return {
    ...{ version, publicText, restrictedText, reviewAt, openedBy, openedAt, changedAt },
    id: idFromUuid('restriction', row.id),
    customer: idFromUuid('customer', row.customerId),
    kind: oneOf(RESTRICTION_KINDS, row.kind),
    state: oneOf(RESTRICTION_STATES, row.state),
    reasonCode: oneOf(REASON_CODES, row.reasonCode),
    releaseStatement: row.releaseStatement,
    orderedBy: orderOf(row),
    releaseIntent: row.releaseIntentId === null ? null : idFromUuid('intent', row.releaseIntentId),
  };
}

/** Everything of these customers that is not released yet, the oldest first. */
export async function restrictionsOf(
  tables: Tables,
  ...customers: readonly CustomerId[]
): Promise<readonly Restriction[]> {
  const rows = await tables.restriction.findMany({
    where: {
      customerId: { in: customers.map(idToUuid) },
      state: { not: 'released' satisfies RestrictionState },
    },
    orderBy: { id: 'asc' },
  });
  return rows.map(restrictionOf);
}

/** @throws FreezeError `restriction_unknown`. */
export async function findRestriction(tables: Tables, id: RestrictionId): Promise<Restriction> {
  const row = await tables.restriction.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw new FreezeError('restriction_unknown', 'There is no such restriction.');
  return restrictionOf(row);
}

export interface RestrictionPage {
  readonly customer: CustomerId | null;
  readonly limit: number;
  readonly after: RestrictionId | null;
}

/** A page of restrictions, released ones too, the newest first. */
export async function listRestrictions(
  tables: Tables,
  { customer, limit, after }: RestrictionPage,
): Promise<readonly Restriction[]> {
  const rows = await tables.restriction.findMany({
    where: {
      ...(customer === null ? {} : { customerId: idToUuid(customer) }),
      ...(after === null ? {} : { id: { lt: idToUuid(after) } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
  });
  return rows.map(restrictionOf);
}

export type NewRestriction = Omit<
  Restriction,
  'state' | 'version' | 'openedAt' | 'changedAt' | 'releaseIntent' | 'releaseStatement' | 'orderedBy'
> & { readonly orderedBy?: WordedBy; readonly bulk?: RestrictionId };

function orderColumns(by: WordedBy) {
  return 'intent' in by ? { orderIntentId: idToUuid(by.intent) } : { orderStatement: by.statement };
}

export async function insertRestriction(
  tx: DatabaseTransaction,
  it: NewRestriction,
  at: Date,
): Promise<void> {
  const { kind, reasonCode, publicText, restrictedText, reviewAt, openedBy } = it;
  if (!isIdOf('customer', openedBy) && !isIdOf('staff', openedBy)) throw new RangeError('nobody opened it');
  await tx.restriction.create({
    data: {
      ...{ kind, reasonCode, publicText, restrictedText, reviewAt, openedBy },
      ...(it.bulk === undefined ? {} : { bulkId: idToUuid(it.bulk) }),
      ...(it.orderedBy === undefined ? {} : orderColumns(it.orderedBy)),
      id: idToUuid(it.id),
      customerId: idToUuid(it.customer),
      state: 'freezing' satisfies RestrictionState,
      openedAt: at,
      changedAt: at,
      lookAt: at,
    },
  });
}

/**
 * One after the other for each customer: what ledger and signer are told follows from all restrictions together.
 * Lasts until the transaction ends.
 */
export async function lockCustomer(tx: DatabaseTransaction, customer: CustomerId): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM customer WHERE id = ${idToUuid(customer)}::uuid FOR NO KEY UPDATE`;
}

function liftingColumns(by: WordedBy) {
  return 'intent' in by ? { releaseIntentId: idToUuid(by.intent) } : { releaseStatement: by.statement };
}

/** Takes a step of the state table. @throws FreezeError `restriction_step_forbidden`, `restriction_changed_meanwhile`. */
export async function moveRestriction(
  tx: DatabaseTransaction,
  restriction: Restriction,
  command: RestrictionCommand,
  at: Date,
  liftedBy?: WordedBy,
): Promise<RestrictionState> {
  const { id, state, version } = restriction;
  const next = decide(restriction, command);
  const { count } = await tx.restriction.updateMany({
    where: { id: idToUuid(id), state, version },
    data: {
      state: next,
      version: version + 1,
      changedAt: at,
      lookAt: next === 'freezing' || next === 'releasing' ? at : null,
      ...(next === 'in_force' && command !== 'consent'
        ? { releaseIntentId: null, releaseStatement: null }
        : {}),
      ...(liftedBy === undefined ? {} : liftingColumns(liftedBy)),
    },
  });
  if (count === 1) return next;
  throw new FreezeError('restriction_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

/** The longest due one that ledger or signer has not acknowledged, locked; those that others work on are skipped. */
export async function takeUnacknowledged(
  tx: DatabaseTransaction,
  now: Date,
): Promise<Restriction | undefined> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM restriction WHERE look_at <= ${now}
    ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row === undefined ? undefined : await findRestriction(tx, idFromUuid('restriction', row.id));
}

/** Ledger or signer is away: the others are not kept waiting for this one. */
export async function postpone(database: Database, id: RestrictionId, until: Date): Promise<void> {
  await database.restriction.updateMany({
    where: { id: idToUuid(id), lookAt: { not: null } },
    data: { lookAt: until },
  });
}
