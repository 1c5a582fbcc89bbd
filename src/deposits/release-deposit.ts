import { requireKind, type ApprovalQueue, type QueueActor, type StoredIntent } from '../approvals/index.ts';
import { inTransaction, type Database, type DatabaseTransaction } from '../database/index.ts';
import {
  formatSatoshis,
  idFromUuid,
  idToUuid,
  parseId,
  type Clock,
  type CustomerId,
  type Id,
  type IntentId,
  type StaffId,
} from '../shared/index.ts';
import { changeBooks, readDeposit } from './deposit-store.ts';
import type { Deposit } from './deposit.ts';
import { DepositError } from './errors.ts';

/** A release that nobody has approved by then is asked for again. */
const LIFETIME_MS = 72 * 3_600_000;
const WORKER: QueueActor = { actor: { kind: 'process', id: 'worker' }, strength: 'process' };

export interface ReleaseParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly queue: ApprovalQueue;
}

export interface ReleaseRequest {
  readonly intent: IntentId;
  readonly deposit: Id<'deposit'>;
  /** Whom it is credited to, when it came to an address that nobody was given. */
  readonly customer: CustomerId | null;
  readonly requester: StaffId;
  readonly reason: string;
}

function outpointOf({ txid, vout }: Deposit): string {
  return `${txid}:${vout}`;
}

/**
 * Writes down that a quarantined deposit is to be credited. The one who asks signs it next, others approve, and only
 * then the worker books it. @throws DepositError `deposit_unknown`, `deposit_step_forbidden`.
 */
export async function requestDepositRelease(
  parts: ReleaseParts,
  tx: DatabaseTransaction,
  request: ReleaseRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const deposit = await readDeposit(tx, request.deposit);
  const customer = deposit.customerId ?? request.customer;
  const isOthers = deposit.customerId !== null && request.customer !== null && request.customer !== customer;
  if (deposit.state !== 'quarantined' || deposit.releaseIntent !== null || customer === null || isOthers) {
    throw new DepositError('deposit_step_forbidden', 'This deposit cannot be let go to that customer.', {
      details: { state: deposit.state, step: 'release' },
    });
  }
  const intent = await parts.queue.draft(tx, {
    kind: 'deposit_release',
    id: request.intent,
    requester: request.requester,
    lifetimeMs: LIFETIME_MS,
    body: {
      customer,
      deposit: deposit.id,
      outpoint: outpointOf(deposit),
      satoshis: formatSatoshis(deposit.satoshis),
      reason: request.reason,
    },
  });
  return parts.queue.submit(tx, intent, by);
}

async function release(parts: ReleaseParts, tx: DatabaseTransaction, id: IntentId): Promise<void> {
  const { queue, clock } = parts;
  const stored = await queue.lock(tx, id);
  if (stored.state !== 'approved') return;
  const { intent } = requireKind(stored, 'deposit_release');
  const { body } = intent;
  const deposit = await readDeposit(tx, parseId('deposit', body.deposit));
  const isSame =
    deposit.state === 'quarantined' &&
    deposit.releaseIntent === null &&
    body.outpoint === outpointOf(deposit) &&
    body.satoshis === formatSatoshis(deposit.satoshis) &&
    (deposit.customerId === null || deposit.customerId === body.customer);
  if (!isSame) {
    await queue.deny(tx, id, WORKER, 'The deposit is not what was approved, or not quarantined any more.');
    return;
  }
  if (!(await queue.carriesWords(tx, stored, WORKER, 'deposit.release'))) return;
  await queue.execute(tx, id, WORKER);
  await changeBooks(tx, deposit, {
    releaseIntent: idToUuid(id),
    ...(deposit.customerId === null ? { customerId: idToUuid(parseId('customer', body.customer)) } : {}),
    nextStepAt: new Date(clock.nowMs()),
  });
}

/**
 * Carries approved releases out: the deposit is marked, and the next of its steps credits it. May be repeated after
 * a crash anywhere. @returns how many there were.
 */
export async function releaseDeposits(parts: ReleaseParts): Promise<number> {
  const rows = await parts.database.queuedIntent.findMany({
    where: { kind: 'deposit_release', state: 'approved' },
    orderBy: { changedAt: 'asc' },
    select: { id: true },
    take: 20,
  });
  const failures: unknown[] = [];
  for (const { id } of rows) {
    try {
      await inTransaction(parts.database, (tx) => release(parts, tx, idFromUuid('intent', id)));
    } catch (thrown) {
      // One that is damaged keeps no other from its turn.
      failures.push(thrown);
    }
  }
  if (failures.length > 0) throw failures[0];
  return rows.length;
}
