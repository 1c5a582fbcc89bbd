import type { StaffRole } from '../http/access-contract.ts';
import { appendEvent } from '../events/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import { idToUuid, newId, type Clock, type CustomerId, type StaffId } from '../shared/index.ts';
import { isTaken, ownedBy, slotOf } from './account-store.ts';
import { IdentityError } from './identity-errors.ts';
import { record, type Origin } from './identity-audit.ts';
import type { Person } from './identity.ts';
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
  await record(tx, clockAt(now), when.origin, 'customer.register', id);
  const event = { type: 'customer.created', subject: id, customer: id, data: { displayName } } as const;
  await appendEvent(tx, event, clockAt(now).clock);
}

/** @throws IdentityError `email_taken`. */
export async function registerStaff(
  tx: DatabaseTransaction,
  id: StaffId,
  registration: Registration & { readonly roles: readonly StaffRole[] },
  passwordHash: string,
  when: Moment,
): Promise<void> {
  const { email, displayName, roles } = registration;
  const { now } = when;
  const data = { id: idToUuid(id), email, displayName, roles: [...new Set(roles)], createdAt: now };
  await unlessTaken(tx.staff.create({ data }));
  await storePassword(tx, { kind: 'staff', id }, passwordHash, now);
  await record(tx, clockAt(now), when.origin, 'staff.register', id, { roles: data.roles });
}

/**
 * Makes a member of staff from the command line: how the first admin comes to be.
 * @throws IdentityError `password_weak`, `email_taken`.
 */
export async function createStaff(
  database: Database,
  clock: Clock,
  staff: Registration & { readonly roles: readonly StaffRole[]; readonly password: string },
): Promise<StaffId> {
  const passwordHash = await preparePassword(staff.password, staff.email);
  const id = newId('staff');
  await inTransaction(database, async (tx) => {
    const origin = { actor: { kind: 'process', id: 'cli' }, strength: 'process', address: 'local' } as const;
    await registerStaff(tx, id, staff, passwordHash, { now: new Date(clock.nowMs()), origin });
  });
  return id;
}
