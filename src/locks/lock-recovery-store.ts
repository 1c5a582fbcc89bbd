import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import {
  parseCustomerStatement,
  type CustomerStatement,
  type MasterLockRecoveryIntent,
} from '../intents/index.ts';
import {
  canonicalJson,
  idFromUuid,
  idToUuid,
  parseId,
  type CustomerId,
  type IntentId,
  type JsonValue,
} from '../shared/index.ts';
import { LockError } from './errors.ts';
import { RECOVERY_STATES, type RecoveryState } from './lock-recovery-contract.ts';
import { decideRecovery, type LockRecovery, type RecoveryCommand } from './lock-recovery.ts';
import type { Tables } from './master-lock-store.ts';

const MAX_LISTED = 200;
const UNDER_WAY = ['approved', 'waiting'] as const satisfies readonly RecoveryState[];

function recoveryOf(row: Prisma.LockRecoveryModel): LockRecovery {
  const { version, approvedAt, startedAt, readyAt, endedAt, obstacle, failures } = row;
  const state = RECOVERY_STATES.find((name) => name === row.state);
  if (state === undefined) throw new RangeError(`a recovery says ${row.state}`);
  return {
    ...{ state, version, approvedAt, startedAt, readyAt, endedAt, obstacle, failures },
    intent: idFromUuid('intent', row.intentId),
    hash: row.intentHash,
    customer: idFromUuid('customer', row.customerId),
    lost: idFromUuid('credential', row.lostId),
    lock: idFromUuid('credential', row.lockId),
    cancellation: row.cancellation === null ? null : parseCustomerStatement(JSON.parse(row.cancellation)),
  };
}

/** @throws LockError `lock_recovery_not_found`. */
export async function findRecovery(tables: Tables, id: IntentId): Promise<LockRecovery> {
  const row = await tables.lockRecovery.findUnique({ where: { intentId: idToUuid(id) } });
  if (row !== null) return recoveryOf(row);
  throw new LockError('lock_recovery_not_found', 'There is no such way back to a master lock.');
}

/** The newest first: of one customer all, else those under way. */
export async function listRecoveries(
  tables: Tables,
  customer: CustomerId | null,
): Promise<readonly LockRecovery[]> {
  const rows = await tables.lockRecovery.findMany({
    where: customer === null ? { state: { in: [...UNDER_WAY] } } : { customerId: idToUuid(customer) },
    orderBy: { intentId: 'desc' },
    take: MAX_LISTED,
  });
  return rows.map(recoveryOf);
}

/** What a customer's lost lock waits for; at most one. */
export async function recoveryUnderWay(
  tables: Tables,
  customer: CustomerId,
): Promise<LockRecovery | undefined> {
  const row = await tables.lockRecovery.findFirst({
    where: { customerId: idToUuid(customer), state: { in: [...UNDER_WAY] } },
  });
  return row === null ? undefined : recoveryOf(row);
}

/** One whose time has come, locked; those that others work on are skipped. */
export async function dueRecoveries(
  tables: Tables,
  now: Date,
  limit: number,
): Promise<readonly LockRecovery[]> {
  const rows = await tables.lockRecovery.findMany({
    where: { nextStepAt: { lte: now } },
    orderBy: { nextStepAt: 'asc' },
    take: limit,
  });
  return rows.map(recoveryOf);
}

/** Officers have approved it. */
export async function insertRecovery(
  tx: DatabaseTransaction,
  { id, body }: MasterLockRecoveryIntent,
  intentHash: string,
  now: Date,
): Promise<void> {
  await tx.lockRecovery.create({
    data: {
      intentId: idToUuid(parseId('intent', id)),
      intentHash,
      customerId: idToUuid(parseId('customer', body.customer)),
      lostId: idToUuid(parseId('credential', body.lost)),
      lockId: idToUuid(parseId('credential', body.registration.statement.id)),
      state: 'approved' satisfies RecoveryState,
      approvedAt: now,
      nextStepAt: now,
    },
  });
}

/** The customer's objection, to be told to the signer; the first one counts. */
export async function insertCancellation(
  tx: DatabaseTransaction,
  { intent }: LockRecovery,
  statement: CustomerStatement,
  now: Date,
): Promise<void> {
  await tx.lockRecovery.updateMany({
    where: { intentId: idToUuid(intent), state: { in: [...UNDER_WAY] } },
    data: { cancellation: canonicalJson(statement as unknown as JsonValue), nextStepAt: now },
  });
}

export interface RecoveryChange {
  readonly startedAt?: Date;
  readonly readyAt?: Date;
  readonly obstacle?: string;
}

/** Takes a step of the state table. @throws LockError `lock_recovery_ended`, `master_lock_changed_meanwhile`. */
export async function moveRecovery(
  tx: DatabaseTransaction,
  recovery: LockRecovery,
  command: RecoveryCommand,
  at: Date,
  { startedAt, readyAt, obstacle }: RecoveryChange = {},
): Promise<RecoveryState> {
  const { intent, state, version, cancellation } = recovery;
  const next = decideRecovery(recovery, command);
  const isOver = next !== 'waiting';
  const { count } = await tx.lockRecovery.updateMany({
    where: { intentId: idToUuid(intent), state, version },
    data: {
      ...{ state: next, version: version + 1, failures: 0 },
      obstacle: obstacle ?? null,
      endedAt: isOver ? at : null,
      // An objection is told at once.
      nextStepAt: isOver ? null : cancellation === null ? (readyAt ?? at) : at,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(readyAt === undefined ? {} : { readyAt }),
    },
  });
  if (count === 1) return next;
  throw new LockError('master_lock_changed_meanwhile', 'Somebody else was faster; look again.', {
    retryable: true,
  });
}
