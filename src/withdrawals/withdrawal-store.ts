import { appendAudit } from '../audit/index.ts';
import type { DatabaseTransaction, Prisma } from '../database/index.ts';
import { appendEvent, type EventType } from '../events/index.ts';
import { paymentsTotal, withdrawalIntentOf } from '../intents/index.ts';
import type { QueueActor, StoredIntent } from '../approvals/index.ts';
import {
  formatSatoshis,
  idFromUuid,
  idToUuid,
  parseSatoshis,
  satoshis,
  type Clock,
  type CustomerId,
  type WithdrawalId,
} from '../shared/index.ts';
import { WithdrawalError } from './errors.ts';
import {
  decide,
  hasEnded,
  WITHDRAWAL_STATES,
  type Withdrawal,
  type WithdrawalCommand,
  type WithdrawalFacts,
  type WithdrawalState,
} from './withdrawal.ts';

export type WithdrawalRow = Prisma.WithdrawalModel;

const BALANCES = ['vault', 'spending'] as const;
const DESTINATIONS = ['address', 'vault', 'spending'] as const;

function oneOf<T extends string>(words: readonly T[], text: string): T {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw new RangeError(`a withdrawal has the word ${text}`);
  return word;
}

export function withdrawalOf(row: WithdrawalRow): Withdrawal {
  const { lookAt: _lookAt, ...columns } = row;
  return {
    ...columns,
    id: idFromUuid('withdrawal', row.id),
    intentId: idFromUuid('intent', row.intentId),
    customerId: idFromUuid('customer', row.customerId),
    walletId: idFromUuid('wallet', row.walletId),
    balance: oneOf(BALANCES, row.balance),
    destination: oneOf(DESTINATIONS, row.destination),
    amount: satoshis(row.amount),
    maxFee: satoshis(row.maxFee),
    state: oneOf(WITHDRAWAL_STATES, row.state),
    payoutId: row.payoutId === null ? null : idFromUuid('payout', row.payoutId),
    bookedAmount: row.bookedAmount === null ? null : satoshis(row.bookedAmount),
  };
}

/** @throws WithdrawalError `withdrawal_unknown`. */
export async function findWithdrawal(tx: DatabaseTransaction, id: WithdrawalId): Promise<Withdrawal> {
  const row = await tx.withdrawal.findUnique({ where: { id: idToUuid(id) } });
  if (row === null) throw new WithdrawalError('withdrawal_unknown', 'There is no such withdrawal.');
  return withdrawalOf(row);
}

/** Those of a customer for which a platform signature has left and no block is deep enough yet. */
export async function withdrawalsBeyondRecall(
  tx: DatabaseTransaction,
  customer: CustomerId,
): Promise<readonly WithdrawalId[]> {
  const states: WithdrawalState[] = ['platform_signed', 'broadcast'];
  const rows = await tx.withdrawal.findMany({
    where: { customerId: idToUuid(customer), state: { in: states } },
    select: { id: true },
    orderBy: { id: 'asc' },
  });
  return rows.map(({ id }) => idFromUuid('withdrawal', id));
}

/**
 * The row only repeats what the intent says; when they differ, somebody has written to the table.
 * @throws WithdrawalError `withdrawal_damaged`.
 */
export function requireSameWords(withdrawal: Withdrawal, { intent }: StoredIntent): void {
  const { body } = withdrawalIntentOf(intent);
  const same =
    intent.id === withdrawal.intentId &&
    body.customer === withdrawal.customerId &&
    body.wallet === withdrawal.walletId &&
    body.balance === withdrawal.balance &&
    paymentsTotal(body.payments) === withdrawal.amount &&
    parseSatoshis(body.maxFeeSatoshis) === withdrawal.maxFee;
  if (same) return;
  throw new WithdrawalError('withdrawal_damaged', 'This withdrawal is not what was asked for.', {
    details: { withdrawal: withdrawal.id },
  });
}

const EVENTS: Partial<Record<WithdrawalState, EventType>> = {
  approved: 'withdrawal.approved',
  broadcast: 'withdrawal.broadcast',
  confirmed: 'withdrawal.confirmed',
  rejected: 'withdrawal.rejected',
  cancelled: 'withdrawal.cancelled',
  expired: 'withdrawal.expired',
  failed: 'withdrawal.failed',
  replaced: 'withdrawal.replaced',
};

export type WithdrawalChange = Omit<
  Prisma.WithdrawalUncheckedUpdateManyInput,
  'state' | 'version' | 'changedAt'
> & { readonly lookAt?: Date | null };

export interface Move {
  readonly command: WithdrawalCommand;
  readonly facts: WithdrawalFacts;
  readonly change?: WithdrawalChange;
  readonly by: QueueActor;
  /** For people, in the audit log and, when it ends, on the withdrawal. */
  readonly reason?: string;
  /** Public facts for the event, e.g. the txid. */
  readonly data?: Readonly<Record<string, string | null>>;
}

/**
 * Takes a command: decides, stores the next state once, and records it.
 * @throws WithdrawalError `withdrawal_step_forbidden`, `withdrawal_changed_meanwhile`.
 */
export async function moveWithdrawal(
  tx: DatabaseTransaction,
  withdrawal: Withdrawal,
  { command, facts, change = {}, by, reason, data = {} }: Move,
  clock: Clock,
): Promise<WithdrawalState> {
  const state = decide(withdrawal, command, facts);
  const { id, version } = withdrawal;
  const now = new Date(clock.nowMs());
  const { count } = await tx.withdrawal.updateMany({
    where: { id: idToUuid(id), state: withdrawal.state, version },
    data: {
      lookAt: hasEnded(state) ? null : now,
      hindrance: null,
      failures: 0,
      ...change,
      state,
      version: version + 1,
      changedAt: now,
    },
  });
  if (count !== 1) {
    throw new WithdrawalError('withdrawal_changed_meanwhile', 'Somebody else was faster; look again.', {
      retryable: true,
    });
  }
  await appendAudit(
    tx,
    {
      actor: by.actor,
      strength: by.strength,
      action: `withdrawal.${command}`,
      entity: id,
      before: { state: withdrawal.state },
      after: { state, ...data },
      ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
      ...(reason === undefined ? {} : { reason }),
    },
    clock,
  );
  await publish(tx, withdrawal, state, reason, data, clock);
  return state;
}

async function publish(
  tx: DatabaseTransaction,
  { id, customerId, balance, amount }: Withdrawal,
  state: WithdrawalState,
  reason: string | undefined,
  data: Readonly<Record<string, string | null>>,
  clock: Clock,
): Promise<void> {
  const type = EVENTS[state];
  if (type === undefined) return;
  const facts = {
    withdrawal: id,
    customer: customerId,
    balance,
    amountSatoshis: formatSatoshis(amount),
    state,
  };
  await appendEvent(
    tx,
    {
      type,
      subject: id,
      customer: customerId,
      data: { ...facts, ...data, ...(reason === undefined ? {} : { reason }) },
    },
    clock,
  );
}
