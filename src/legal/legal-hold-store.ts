import { appendAudit, type AuditEntry } from '../audit/index.ts';
import type { Database, DatabaseTransaction, Prisma } from '../database/index.ts';
import { appendEvent, type EventType } from '../events/index.ts';
import {
  formatSatoshis,
  idFromUuid,
  idToUuid,
  parseId,
  satoshis,
  type Clock,
  type CustomerId,
} from '../shared/index.ts';
import { LegalError } from './errors.ts';
import {
  decide,
  LEGAL_HOLD_STATES,
  PIECE_STATES,
  type LegalHold,
  type LegalHoldCommand,
  type LegalHoldId,
} from './legal-hold.ts';

export type Tables = Database | DatabaseTransaction;

const WITH_PIECES = { include: { pieces: { orderBy: { number: 'asc' } } } } as const;

function oneOf<const Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new RangeError(`a legal hold says ${text}`);
  return found;
}

type Row = Prisma.LegalHoldModel & { readonly pieces: readonly Prisma.LegalHoldPieceModel[] };

function legalHoldOf(row: Row): LegalHold {
  const { reference, authority, reason, imposedAt, version } = row;
  return {
    ...{ reference, authority, reason, imposedAt, version },
    id: idFromUuid('legalHold', row.id),
    customer: idFromUuid('customer', row.customerId),
    balance: oneOf(['vault', 'spending'], row.balance),
    wallet: idFromUuid('wallet', row.walletId),
    satoshis: satoshis(row.satoshis),
    heldSatoshis: satoshis(row.heldSatoshis),
    imposedBy: parseId('staff', row.imposedBy),
    state: oneOf(LEGAL_HOLD_STATES, row.state),
    liftIntent: row.liftIntentId === null ? null : idFromUuid('intent', row.liftIntentId),
    pieces: row.pieces.map((piece) => ({
      number: piece.number,
      satoshis: satoshis(piece.satoshis),
      state: oneOf(PIECE_STATES, piece.state),
    })),
  };
}

/** @throws LegalError `legal_hold_unknown`. */
export async function findLegalHold(tables: Tables, id: LegalHoldId): Promise<LegalHold> {
  const row = await tables.legalHold.findUnique({ where: { id: idToUuid(id) }, ...WITH_PIECES });
  if (row === null) throw new LegalError('legal_hold_unknown', 'There is no such hold.');
  return legalHoldOf(row);
}

/** A page of holds, lifted ones too, the newest first. */
export async function listLegalHolds(
  tables: Tables,
  { customer, limit, after }: { customer: CustomerId | null; limit: number; after: LegalHoldId | null },
): Promise<readonly LegalHold[]> {
  const rows = await tables.legalHold.findMany({
    where: {
      ...(customer === null ? {} : { customerId: idToUuid(customer) }),
      ...(after === null ? {} : { id: { lt: idToUuid(after) } }),
    },
    orderBy: { id: 'desc' },
    take: limit,
    ...WITH_PIECES,
  });
  return rows.map(legalHoldOf);
}

/** The longest due one, locked; those that others work on are skipped. */
export async function takeDue(tx: DatabaseTransaction, now: Date): Promise<LegalHold | undefined> {
  const [row] = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM legal_hold WHERE look_at <= ${now} ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
  return row === undefined ? undefined : await findLegalHold(tx, idFromUuid('legalHold', row.id));
}

type By = Pick<AuditEntry, 'actor' | 'strength' | 'requestId'>;

/** Whoever reads the audit log, and staff's systems, hear of it; the customer does not. */
export async function tell(
  tx: DatabaseTransaction,
  clock: Clock,
  { id, satoshis: amount, heldSatoshis, reference }: LegalHold,
  type: EventType & `legal_hold.${string}`,
  { actor, strength, requestId }: By,
): Promise<void> {
  const data = {
    satoshis: formatSatoshis(amount),
    heldSatoshis: formatSatoshis(heldSatoshis),
    reference,
  };
  const entry = { actor, strength, action: type, entity: id, after: data };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  await appendEvent(tx, { type, subject: id, customer: null, data }, clock);
}

/** Guarded by state and version. @throws LegalError `legal_hold_changed_meanwhile`. */
async function change(
  tx: DatabaseTransaction,
  { id, state, version }: LegalHold,
  data: Prisma.LegalHoldUncheckedUpdateManyInput,
): Promise<LegalHold> {
  const where = { id: idToUuid(id), state, version };
  const { count } = await tx.legalHold.updateMany({ where, data: { ...data, version: version + 1 } });
  if (count === 1) return await findLegalHold(tx, id);
  throw new LegalError('legal_hold_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

/** Takes a step of the state table. @throws LegalError `legal_hold_step_forbidden`, `legal_hold_changed_meanwhile`. */
export async function moveLegalHold(
  tx: DatabaseTransaction,
  hold: LegalHold,
  command: LegalHoldCommand,
  at: Date,
  more: Pick<Prisma.LegalHoldUncheckedUpdateManyInput, 'liftIntentId' | 'heldSatoshis'> = {},
): Promise<LegalHold> {
  const state = decide(hold.state, command);
  return await change(tx, hold, { ...more, state, changedAt: at, lookAt: state === 'lifting' ? at : null });
}

/** Still `holding`: looked at again then. */
export async function lookAgain(
  tx: DatabaseTransaction,
  hold: LegalHold,
  at: Date,
  heldSatoshis: bigint = hold.heldSatoshis,
): Promise<LegalHold> {
  return await change(tx, hold, { lookAt: at, heldSatoshis });
}
