import type { KeyedHash } from '../http/index.ts';
import type { StaffRole } from '../http/access-contract.ts';
import { appendEvent } from '../events/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, newId, type Clock, type CustomerId, type StaffId } from '../shared/index.ts';
import { isTaken, ownedBy, slotOf } from './account-store.ts';
import { IdentityError } from './identity-errors.ts';
import { record, type Origin } from './identity-audit.ts';
import type { Person } from './identity.ts';
import { sealStanding } from './standing.ts';
import { checkPasswordStrength, hashPassword } from './password.ts';

/** When, and by whom. */
export interface Moment {
  readonly now: Date;
  readonly origin: Origin;
}

export interface Registration {
  /** Lower case. */
  readonly email: string;
  readonly displayName: string;
}

/** Hashes outside the transaction, which should not wait for it. @throws IdentityError `password_weak`. */
export async function preparePassword(password: string, email: string): Promise<string> {
  checkPasswordStrength(password, email);
  return await hashPassword(password);
}

/** Stores a password as the person's only one. */
export async function storePassword(
  tx: DatabaseTransaction,
  person: Person,
  passwordHash: string,
  now: Date,
): Promise<void> {
  await tx.credential.create({
    data: {
      id: idToUuid(newId('credential')),
      kind: 'password',
      ...ownedBy(person),
      label: 'Password',
      createdAt: now,
      confirmedAt: now,
      slot: slotOf('password', person),
      passwordHash,
    },
  });
}

/** Row and audit entry carry the same time. */
function clockAt(now: Date): { readonly clock: Clock } {
  return { clock: { nowMs: () => now.getTime() } };
}

async function unlessTaken<T>(create: Promise<T>): Promise<T> {
  try {
    return await create;
  } catch (error) {
    if (isTaken(error))
      throw new IdentityError('email_taken', 'Somebody is registered with this e-mail address.');
    throw error;
  }
}

/** @throws IdentityError `email_taken`. */
export async function registerCustomer(
  tx: DatabaseTransaction,
  id: CustomerId,
  registration: Registration,
  passwordHash: string,
  when: Moment,
): Promise<void> {
  const { email, displayName } = registration;
  const { now } = when;
  await unlessTaken(tx.customer.create({ data: { id: idToUuid(id), email, displayName, createdAt: now } }));
  await storePassword(tx, { kind: 'customer', id }, passwordHash, now);
  await record(tx, clockAt(now), when.origin, 'customer.register', id, { displayName });
  const event = { type: 'customer.created', subject: id, customer: id, data: { displayName } } as const;
  await appendEvent(tx, event, clockAt(now).clock);
}

/** @throws IdentityError `email_taken`. */
export async function registerStaff(
  tx: DatabaseTransaction,
  seals: KeyedHash,
  id: StaffId,
  registration: Registration & { readonly roles: readonly StaffRole[] },
  passwordHash: string,
  when: Moment,
): Promise<void> {
  const { email, displayName } = registration;
  const { now } = when;
  const roles = [...new Set(registration.roles)].sort();
  const standing = { id: idToUuid(id), email, roles, disabledAt: null, standingNumber: 0 };
  const standingSeal = sealStanding(seals, standing);
  const data = { ...standing, displayName, createdAt: now, standingSeal };
  await unlessTaken(tx.staff.create({ data }));
  await storePassword(tx, { kind: 'staff', id }, passwordHash, now);
  await record(tx, clockAt(now), when.origin, 'staff.register', id, { roles });
}

const COMMAND_LINE: Origin = {
  ...{ strength: 'process', address: 'local' },
  actor: { kind: 'process', id: 'cli' },
};

/** What making staff from the command line works with. */
export interface StaffParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly seals: KeyedHash;
}

/**
 * Makes a member of staff from the command line: how an institution begins.
 * @throws IdentityError `password_weak`, `email_taken`.
 */
export async function createStaff(
  { database, clock, seals }: StaffParts,
  staff: Registration & { readonly roles: readonly StaffRole[]; readonly password: string },
): Promise<StaffId> {
  const passwordHash = await preparePassword(staff.password, staff.email);
  const id = newId('staff');
  await inTransaction(database, async (tx) => {
    const when = { now: new Date(clock.nowMs()), origin: COMMAND_LINE };
    await registerStaff(tx, seals, id, staff, passwordHash, when);
  });
  return id;
}

/**
 * Seals anew what the table says of one, for when the secrets were exchanged; whoever does it has looked at the roles.
 * @throws IdentityError `staff_unknown`, `staff_changed_meanwhile` when the roles are others than these.
 */
export async function confirmStaff(
  { database, clock, seals }: StaffParts,
  email: string,
  roles: readonly StaffRole[],
): Promise<StaffId> {
  return await inTransaction(database, async (tx) => {
    const row = await tx.staff.findUnique({ where: { email } });
    if (row === null) throw new IdentityError('staff_unknown', 'There is no such member of staff.');
    if ([...row.roles].sort().join() !== [...roles].sort().join()) {
      throw new IdentityError('staff_changed_meanwhile', 'The account has other roles.', {
        details: { roles: row.roles.join(', ') },
      });
    }
    await tx.staff.update({ where: { id: row.id }, data: { standingSeal: sealStanding(seals, row) } });
    const id = idFromUuid('staff', row.id);
    const after = { roles: row.roles, suspended: row.disabledAt !== null };
    await record(tx, { clock }, COMMAND_LINE, 'staff.confirm', id, after);
    return id;
  });
}
