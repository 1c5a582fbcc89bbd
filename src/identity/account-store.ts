import { Prisma, type Database, type DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, type CredentialId } from '../shared/index.ts';
import type { StaffRole } from '../http/access-contract.ts';
import type { Person } from './identity.ts';
import type { StandingRow } from './standing.ts';

/** A person with the live credentials that sign-in looks at. */
export interface Account {
  readonly person: Person;
  readonly email: string;
  readonly displayName: string;
  readonly version: number;
  /** Empty for customers. */
  readonly staffRoles: readonly StaffRole[];
  readonly disabled: boolean;
  /** Of staff: what its roles rest on. */
  readonly standing: StandingRow | null;
  readonly password: { readonly id: CredentialId; readonly hash: string } | null;
  readonly totp: TotpCredential | null;
}

export interface TotpCredential {
  readonly id: CredentialId;
  readonly sealed: Uint8Array;
  readonly confirmed: boolean;
  readonly lastStep: bigint | null;
}

const CREDENTIALS = { where: { revokedAt: null, kind: { in: ['password', 'totp'] } } };

interface CredentialRow {
  id: string;
  kind: string;
  passwordHash: string | null;
  totpSealed: Uint8Array | null;
  totpLastStep: bigint | null;
  confirmedAt: Date | null;
}

function credentialsOf(rows: readonly CredentialRow[]): Pick<Account, 'password' | 'totp'> {
  const password = rows.find((row) => row.passwordHash !== null);
  const totp = rows.find((row) => row.totpSealed !== null);
  return {
    password:
      password === undefined || password.passwordHash === null
        ? null
        : { id: idFromUuid('credential', password.id), hash: password.passwordHash },
    totp:
      totp === undefined || totp.totpSealed === null
        ? null
        : {
            id: idFromUuid('credential', totp.id),
            sealed: totp.totpSealed,
            confirmed: totp.confirmedAt !== null,
            lastStep: totp.totpLastStep,
          },
  };
}

type Where = { readonly email: string } | { readonly id: string };

async function findCustomer(database: Database | DatabaseTransaction, where: Where): Promise<Account | null> {
  const row = await database.customer.findUnique({ where, include: { credentials: CREDENTIALS } });
  if (row === null) return null;
  const { email, displayName, version } = row;
  const person = { kind: 'customer', id: idFromUuid('customer', row.id) } as const;
  return {
    person,
    email,
    displayName,
    version,
    staffRoles: [],
    disabled: false,
    standing: null,
    ...credentialsOf(row.credentials),
  };
}

async function findStaff(database: Database | DatabaseTransaction, where: Where): Promise<Account | null> {
  const row = await database.staff.findUnique({ where, include: { credentials: CREDENTIALS } });
  if (row === null) return null;
  const { email, displayName, version } = row;
  return {
    person: { kind: 'staff', id: idFromUuid('staff', row.id) },
    email,
    displayName,
    version,
    // A CHECK constraint holds the column to these names.
    staffRoles: row.roles as StaffRole[],
    disabled: row.disabledAt !== null,
    standing: row,
    ...credentialsOf(row.credentials),
  };
}

export async function findByEmail(
  database: Database,
  kind: Person['kind'],
  email: string,
): Promise<Account | null> {
  return kind === 'customer' ? await findCustomer(database, { email }) : await findStaff(database, { email });
}

/** The account of somebody who is signed in. @throws RangeError when there is none: rows are never deleted. */
export async function accountOf(database: Database | DatabaseTransaction, person: Person): Promise<Account> {
  const where = { id: idToUuid(person.id) };
  const found =
    person.kind === 'customer' ? await findCustomer(database, where) : await findStaff(database, where);
  if (found === null) throw new RangeError('a signed-in person has no account');
  return found;
}

/** The columns that make a row this person's. */
export function ownedBy(person: Person): { customerId: string } | { staffId: string } {
  return person.kind === 'customer' ? { customerId: idToUuid(person.id) } : { staffId: idToUuid(person.id) };
}

/** Nobody has two live credentials with the same slot. */
export function slotOf(kind: 'password' | 'totp', person: Person): string {
  return `${kind}:${person.id}`;
}

/** Whether the database refused a row because something unique is taken. */
export function isTaken(thrown: unknown): boolean {
  return thrown instanceof Prisma.PrismaClientKnownRequestError && thrown.code === 'P2002';
}
