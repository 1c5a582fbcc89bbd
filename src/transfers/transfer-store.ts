import type { Database, DatabaseTransaction } from '../database/index.ts';
import { idFromUuid, idToUuid, latestDue, satoshis, type CustomerId } from '../shared/index.ts';
import type { RefusalCode } from './errors.ts';
import {
  decide,
  type Transfer,
  type TransferCommand,
  type TransferId,
  type TransferState,
} from './transfer.ts';

/** The clocks of two hosts are never as far apart as this. */
const CLOCK_SLIP_MS = 15 * 60_000;

interface Row {
  id: string;
  senderId: string;
  recipientId: string;
  amount: bigint;
  memo: string | null;
  state: string;
}

function transferOf(row: Row): Transfer {
  return {
    id: idFromUuid('transfer', row.id),
    sender: idFromUuid('customer', row.senderId),
    recipient: idFromUuid('customer', row.recipientId),
    amount: satoshis(row.amount),
    memo: row.memo,
  };
}

export async function customerExists(database: Database, id: CustomerId): Promise<boolean> {
  return (await database.customer.count({ where: { id: idToUuid(id) } })) === 1;
}

/** Stores a new transfer as `requested`; false when it was stored before. */
export async function insertTransfer(
  tx: DatabaseTransaction,
  transfer: Transfer,
  requestedAt: Date,
): Promise<boolean> {
  const { count } = await tx.transfer.createMany({
    data: {
      id: idToUuid(transfer.id),
      senderId: idToUuid(transfer.sender),
      recipientId: idToUuid(transfer.recipient),
      amount: transfer.amount,
      memo: transfer.memo,
      state: 'requested' satisfies TransferState,
      requestedAt,
    },
    skipDuplicates: true,
  });
  return count === 1;
}

/** Takes a step of the state table; false when another process has taken it. */
export async function moveTransfer(
  tx: DatabaseTransaction,
  id: TransferId,
  command: TransferCommand,
  settled: { readonly at: Date; readonly refusal: RefusalCode | null },
): Promise<boolean> {
  const from: TransferState = 'requested';
  const state = decide(from, command);
  if (state === null) throw new TypeError(`no transfer can ${command} when ${from}`);
  const { count } = await tx.transfer.updateMany({
    where: { id: idToUuid(id), state: from },
    data: { state, settledAt: settled.at, refusal: settled.refusal },
  });
  return count === 1;
}

/** What was written about transfers; the ledger knows no memos. */
export async function memosOf(
  database: Database,
  ids: readonly TransferId[],
): Promise<ReadonlyMap<TransferId, string | null>> {
  const rows = await database.transfer.findMany({
    where: { id: { in: ids.map(idToUuid) } },
    select: { id: true, memo: true },
  });
  return new Map(rows.map(({ id, memo }) => [idFromUuid('transfer', id), memo]));
}

/** Whether one that a customer sends, or anybody, was stored and not carried to its end. */
export async function hasUnfinishedTransfers(
  tx: DatabaseTransaction,
  sender: CustomerId | null,
): Promise<boolean> {
  const state = 'requested' satisfies TransferState;
  const whose = sender === null ? {} : { senderId: idToUuid(sender) };
  return (await tx.transfer.count({ where: { ...whose, state } })) > 0;
}

/** Transfers from before that nobody has finished, the oldest first, beginning after one of them. */
export async function unfinishedTransfers(
  database: Database,
  before: Date,
  after: TransferId | null,
  limit: number,
): Promise<readonly Transfer[]> {
  const rows = await database.transfer.findMany({
    where: {
      state: 'requested' satisfies TransferState,
      // Asked for long after now: by a clock that has been put back since.
      OR: [
        { requestedAt: { lte: before } },
        { requestedAt: { gt: latestDue(before.getTime(), CLOCK_SLIP_MS) } },
      ],
      ...(after === null ? {} : { id: { gt: idToUuid(after) } }),
    },
    orderBy: { id: 'asc' },
    take: limit,
  });
  return rows.map(transferOf);
}
