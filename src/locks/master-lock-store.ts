import type { Database, DatabaseTransaction, Prisma } from '../database/index.ts';
import {
  parseCustomerStatement,
  parseMasterLockRegistration,
  type CustomerStatement,
  type MasterLockRegistration,
} from '../intents/index.ts';
import {
  canonicalJson,
  idFromUuid,
  idToUuid,
  parseId,
  type CredentialId,
  type CustomerId,
  type JsonValue,
} from '../shared/index.ts';
import { LockError } from './errors.ts';
import { LOCK_END_REASONS, LOCK_STATES, type LockEndReason } from './lock-state-contract.ts';
import {
  decide,
  lockCertificatesSchema,
  type IssuedCertificates,
  type LockCommand,
  type MasterLockRecord,
} from './master-lock.ts';

export type Tables = Database | DatabaseTransaction;

function oneOf<const Name extends string>(names: readonly Name[], text: string): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new RangeError(`a master lock says ${text}`);
  return found;
}

function lockOf(row: Prisma.MasterLockModel): MasterLockRecord {
  const { version, createdAt, pinnedAt, endedAt, obstacle, failures } = row;
  return {
    ...{ version, createdAt, pinnedAt, endedAt, obstacle, failures },
    id: idFromUuid('credential', row.id),
    customer: idFromUuid('customer', row.customerId),
    state: oneOf(LOCK_STATES, row.state),
    registration: parseMasterLockRegistration(JSON.parse(row.registration)),
    replaces: row.replacesId === null ? null : idFromUuid('credential', row.replacesId),
    certificates:
      row.certificates === null ? null : lockCertificatesSchema.parse(JSON.parse(row.certificates)),
    revocation: row.revocation === null ? null : parseCustomerStatement(JSON.parse(row.revocation)),
    endReason: row.endReason === null ? null : oneOf(LOCK_END_REASONS, row.endReason),
  };
}

/** One at a time for each customer. Lasts until the transaction ends. */
export async function lockCustomer(tx: DatabaseTransaction, customer: CustomerId): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM customer WHERE id = ${idToUuid(customer)}::uuid FOR NO KEY UPDATE`;
}

/** Every lock of a customer, the newest first, also those that ended. */
export async function locksOf(tables: Tables, customer: CustomerId): Promise<readonly MasterLockRecord[]> {
  const rows = await tables.masterLock.findMany({
    where: { customerId: idToUuid(customer) },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
  });
  return rows.map(lockOf);
}

/** @throws LockError `master_lock_not_found`. */
export async function findLock(tables: Tables, id: CredentialId): Promise<MasterLockRecord> {
  const row = await tables.masterLock.findUnique({ where: { id: idToUuid(id) } });
  if (row !== null) return lockOf(row);
  throw new LockError('master_lock_not_found', 'There is no such master lock.');
}

/** A lock that is about to be registered. */
export async function insertLock(
  tx: DatabaseTransaction,
  registration: MasterLockRegistration,
  now: Date,
): Promise<void> {
  const { id, customer, replaces } = registration.statement;
  await tx.masterLock.create({
    data: {
      id: idToUuid(parseId('credential', id)),
      customerId: idToUuid(parseId('customer', customer)),
      state: 'registering',
      registration: canonicalJson(registration as unknown as JsonValue),
      replacesId: replaces === null ? null : idToUuid(parseId('credential', replaces)),
      createdAt: now,
      nextStepAt: now,
    },
  });
}

export interface LockChange {
  readonly certificates?: IssuedCertificates;
  readonly revocation?: CustomerStatement;
  readonly endReason?: LockEndReason;
  readonly obstacle?: string;
}

/** Takes a step of the state table. @throws LockError `master_lock_step_forbidden`, `master_lock_changed_meanwhile`. */
export async function moveLock(
  tx: DatabaseTransaction,
  { id, state, version }: MasterLockRecord,
  command: LockCommand,
  at: Date,
  { certificates, revocation, endReason, obstacle }: LockChange = {},
): Promise<void> {
  const next = decide({ state }, command);
  const { count } = await tx.masterLock.updateMany({
    where: { id: idToUuid(id), state, version },
    data: {
      ...{ state: next, version: version + 1, failures: 0 },
      obstacle: obstacle ?? null,
      nextStepAt: next === 'revoking' ? at : null,
      ...(certificates === undefined ? {} : { certificates: canonicalJson(certificates), pinnedAt: at }),
      ...(revocation === undefined ? {} : { revocation: canonicalJson(revocation as unknown as JsonValue) }),
      ...(endReason === undefined ? {} : { endReason, endedAt: at }),
    },
  });
  if (count === 1) return;
  throw new LockError('master_lock_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}

/** Its signing half is accepted for nothing any more. */
export async function endCredential(tx: DatabaseTransaction, id: CredentialId, at: Date): Promise<void> {
  await tx.credential.updateMany({
    where: { id: idToUuid(id), revokedAt: null },
    data: { revokedAt: at },
  });
}
