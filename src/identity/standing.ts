import type { Database, DatabaseTransaction } from '../database/index.ts';
import { appendEvent, raiseAlert } from '../events/index.ts';
import type { KeyedHash } from '../http/index.ts';
import type { StaffRole } from '../http/access-contract.ts';
import type { Standing } from '../intents/index.ts';
import { idFromUuid, idToUuid, type Clock, type IntentId, type StaffId } from '../shared/index.ts';
import { IdentityError } from './identity-errors.ts';
import { record, type Origin } from './identity-audit.ts';

/**
 * What a member of staff may do stands in the database with a seal under a secret that does not: whoever writes to
 * the table makes nobody an officer, and what was sealed for one account is nothing to another.
 */
export interface StandingRow {
  readonly id: string;
  readonly email: string;
  readonly roles: readonly string[];
  readonly disabledAt: Date | null;
  readonly standingNumber: number;
  readonly standingSeal: Uint8Array | null;
}

/** The columns that a seal is about. */
export const STANDING_COLUMNS = {
  ...{ id: true, email: true, roles: true, disabledAt: true },
  ...{ standingNumber: true, standingSeal: true },
} as const;

const PURPOSE = 'identity/standing';

function sealed({ id, email, roles, disabledAt, standingNumber }: Omit<StandingRow, 'standingSeal'>) {
  const isSuspended = disabledAt !== null;
  return [id, email, String(standingNumber), [...roles].sort().join(), isSuspended ? 'suspended' : 'active'];
}

export function sealStanding(
  seals: KeyedHash,
  row: Omit<StandingRow, 'standingSeal'>,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(seals.mac(PURPOSE, sealed(row)));
}

/** Whether we have written what a row says of somebody's roles. */
export function isSealed(seals: KeyedHash, row: StandingRow): boolean {
  return row.standingSeal !== null && seals.verify(PURPOSE, sealed(row), row.standingSeal);
}

interface SealParts {
  readonly seals: KeyedHash;
  readonly clock: Clock;
}

/** Operators hear of a row that says of somebody's roles what we never wrote. */
export async function alertUnsealed(
  tx: DatabaseTransaction,
  { clock }: Pick<SealParts, 'clock'>,
  { id }: Pick<StandingRow, 'id'>,
  during: string,
): Promise<void> {
  const subject = idFromUuid('staff', id);
  const text = 'The table says of this account’s roles what was never decided here.';
  const by = { actor: { kind: 'process', id: 'api' }, strength: 'process' } as const;
  await raiseAlert(tx, { subject, code: 'staff_standing_damaged', during, text }, by, clock);
}

/** A member of staff, as colleagues see it. */
export interface StaffMember extends Standing {
  readonly id: StaffId;
  readonly email: string;
  readonly displayName: string;
  /** How often the standing was changed. */
  readonly number: number;
  /** False: the table was tampered with, and the account does nothing. */
  readonly sealed: boolean;
  readonly createdAt: Date;
}

interface StaffRow extends StandingRow {
  readonly displayName: string;
  readonly createdAt: Date;
}

function memberOf(seals: KeyedHash, row: StaffRow): StaffMember {
  const { email, displayName, createdAt, standingNumber: number } = row;
  return {
    ...{ email, displayName, createdAt, number },
    id: idFromUuid('staff', row.id),
    // A CHECK constraint holds the column to these names.
    roles: [...row.roles].sort() as StaffRole[],
    suspended: row.disabledAt !== null,
    sealed: isSealed(seals, row),
  };
}

/** Staff in order of registration, after `after`; one more than `limit` tells that there are more. */
export async function listStaff(
  { database, seals }: { readonly database: Database; readonly seals: KeyedHash },
  limit: number,
  after: StaffId | null,
): Promise<readonly StaffMember[]> {
  const rows = await database.staff.findMany({
    ...(after === null ? {} : { where: { id: { gt: idToUuid(after) } } }),
    orderBy: { id: 'asc' },
    take: limit,
  });
  return rows.map((row) => memberOf(seals, row));
}

/** Nobody else changes it until the transaction ends. @throws IdentityError `staff_unknown`. */
export async function lockStaff(
  tx: DatabaseTransaction,
  seals: KeyedHash,
  id: StaffId,
): Promise<StaffMember> {
  await tx.$queryRaw`SELECT 1 FROM staff WHERE id = ${idToUuid(id)}::uuid FOR UPDATE`;
  const row = await tx.staff.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw new IdentityError('staff_unknown', 'There is no such member of staff.');
  return memberOf(seals, row);
}

/**
 * Writes a standing, sealed, over one that is sealed; whoever loses something is signed out. Whether it may be is
 * the caller's business.
 * @throws IdentityError `staff_standing_damaged` for a row that we did not write, `staff_changed_meanwhile`.
 */
export async function changeStanding(
  tx: DatabaseTransaction,
  { seals, clock }: SealParts,
  { id, email, roles, suspended, number, sealed: isOurs }: StaffMember,
  next: Standing & { readonly intent: IntentId | null; readonly reason: string },
  origin: Omit<Origin, 'address'>,
): Promise<void> {
  if (!isOurs) {
    throw new IdentityError('staff_standing_damaged', 'The table says what was never decided here.', {
      details: { staff: id },
    });
  }
  const now = new Date(clock.nowMs());
  const standingNumber = number + 1;
  const disabledAt = next.suspended ? now : null;
  const row = { id: idToUuid(id), email, roles: [...next.roles], disabledAt, standingNumber };
  const { count } = await tx.staff.updateMany({
    where: { id: row.id, standingNumber: number },
    data: { roles: row.roles, disabledAt, standingNumber, standingSeal: sealStanding(seals, row) },
  });
  if (count !== 1) {
    throw new IdentityError('staff_changed_meanwhile', 'Somebody else was faster; look again.', {
      retryable: true,
    });
  }
  const isLess = next.suspended || roles.some((role) => !next.roles.includes(role));
  if (isLess) {
    const ended = { endedAt: now, endReason: 'revoked' };
    await tx.session.updateMany({ where: { staffId: row.id, endedAt: null }, data: ended });
  }
  const { intent, reason } = next;
  const after = { roles: row.roles, suspended: next.suspended, number: standingNumber, intent };
  await record(tx, { clock }, origin, 'staff.change', id, after, {
    before: { roles: [...roles], suspended, number },
    reason,
  });
  const data = { roles: row.roles, suspended: next.suspended, intent };
  await appendEvent(tx, { type: 'staff.changed', subject: id, customer: null, data }, clock);
}
