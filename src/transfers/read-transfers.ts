import type { LoggedRecord } from '../ledger/client/index.ts';
import { satoshis, type CustomerId } from '../shared/index.ts';
import { TransferError } from './errors.ts';
import type { TransferId, TransferView } from './transfer.ts';
import { findPayment, idFromUserData, paymentId, spendingAccount } from './transfer-ledger.ts';
import type { TransferParts } from './transfer-parts.ts';
import { memosOf } from './transfer-store.ts';

/** The ledger's history holds everything that moved on the balance; transfers are picked out of it. */
const HISTORY_PAGE = 200;
/** A list that finds too few in so many pages gives what it has, and a cursor to go on from. */
const MAX_HISTORY_PAGES = 10;

/** The transfer that a movement pays, or null for one that is something else. */
function transferBehind({ record }: LoggedRecord): TransferId | null {
  const id = idFromUserData('transfer', record.userData128);
  return record.id === paymentId(id) ? id : null;
}

interface Payment {
  readonly id: TransferId;
  readonly logged: LoggedRecord;
}

/** Parties, amount and time are the ledger's; only the memo comes from elsewhere. */
async function viewsOf(
  parts: TransferParts,
  customer: CustomerId,
  payments: readonly Payment[],
): Promise<TransferView[]> {
  if (payments.length === 0) return [];
  const own = spendingAccount(customer);
  const others = payments.map(({ logged: { record } }) =>
    record.debitAccountId === own ? record.creditAccountId : record.debitAccountId,
  );
  const [memos, accounts] = await Promise.all([
    memosOf(
      parts.database,
      payments.map(({ id }) => id),
    ),
    parts.ledger.accounts([...new Set(others)]),
  ]);
  const owners = new Map(
    accounts.value.flatMap((account) =>
      account === undefined ? [] : [[account.id, idFromUserData('customer', account.userData128)]],
    ),
  );
  return payments.map(({ id, logged }, index) => {
    const counterparty = owners.get(others[index] ?? 0n);
    if (counterparty === undefined) throw new TypeError('an account of a booked transfer is gone');
    return {
      id,
      direction: logged.record.debitAccountId === own ? 'sent' : 'received',
      counterparty,
      amount: satoshis(logged.record.amount),
      memo: memos.get(id) ?? null,
      completedAt: new Date(logged.timeMs),
    };
  });
}

/** One transfer that the customer sent or received. @throws TransferError `transfer_unknown` for all others. */
export async function getTransfer(
  parts: TransferParts,
  customer: CustomerId,
  id: TransferId,
): Promise<TransferView> {
  const logged = await findPayment(parts.ledger, id);
  const own = spendingAccount(customer);
  const isOwn = logged?.record.debitAccountId === own || logged?.record.creditAccountId === own;
  const [view] = logged !== undefined && isOwn ? await viewsOf(parts, customer, [{ id, logged }]) : [];
  if (view === undefined) throw new TransferError('transfer_unknown', 'There is no such transfer.');
  return view;
}

export interface TransferPage {
  readonly items: readonly TransferView[];
  /** The place in the ledger's log to go on from; null when there are no more. */
  readonly next: number | null;
}

/** The customer's transfers, the newest first, as the ledger's history has them. */
export async function listTransfers(
  parts: TransferParts,
  customer: CustomerId,
  limit: number,
  after: number | null,
): Promise<TransferPage> {
  const payments: Payment[] = [];
  let next: number | null = after;
  for (let page = 0; page < MAX_HISTORY_PAGES; page += 1) {
    const { value } = await parts.ledger.history({
      accountId: spendingAccount(customer),
      limit: HISTORY_PAGE,
      ...(next === null ? {} : { after: next }),
    });
    for (const logged of value.records) {
      const id = transferBehind(logged);
      if (id === null) continue;
      payments.push({ id, logged });
      // Whether more follow is for the next page to find out.
      if (payments.length === limit) {
        return { items: await viewsOf(parts, customer, payments), next: logged.position };
      }
    }
    next = value.next ?? null;
    if (next === null) break;
  }
  return { items: await viewsOf(parts, customer, payments), next };
}
