import {
  accountId,
  bookEvent,
  eventTransferId,
  openAccount,
  type LedgerClient,
  type LedgerId,
  type LoggedRecord,
  type Occurrence,
  type ResultName,
} from '../ledger/client/index.ts';
import { idFromUuid, type CustomerId, type Id, type IdKind } from '../shared/index.ts';
import { BITCOIN_ASSET } from '../wallets/index.ts';
import { TransferError, type RefusalCode } from './errors.ts';
import type { Booking, Transfer, TransferId } from './transfer.ts';

export function spendingAccount(customer: CustomerId): LedgerId {
  return accountId('spending', BITCOIN_ASSET, customer);
}

/** The ledger's transfer behind one of ours: the same however often, and by whomever, it is booked. */
export function paymentId(id: TransferId): LedgerId {
  return eventTransferId('instantTransfer', 'pay', id);
}

/** The id that the ledger keeps as user data: of the customer in an account, of the transfer in a payment. */
export function idFromUserData<Kind extends IdKind>(kind: Kind, userData: bigint): Id<Kind> {
  const hex = userData.toString(16).padStart(32, '0');
  return idFromUuid(kind, hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
}

/** Answers of the books that are final for this transfer; what else can go wrong leaves it unbooked. */
const FINAL: { readonly [Name in ResultName]?: RefusalCode } = {
  exceeds_credits: 'insufficient_funds',
  debit_account_frozen: 'transfer_sender_frozen',
  debit_account_closed: 'transfer_sender_closed',
  credit_account_closed: 'transfer_recipient_closed',
  overflows_debits_posted: 'transfer_refused',
  overflows_credits_posted: 'transfer_refused',
  overflows_debits: 'transfer_refused',
  overflows_credits: 'transfer_refused',
};

function notBooked(result: ResultName): TransferError {
  return new TransferError('transfer_not_booked', 'The transfer is not booked yet; send it again.', {
    retryable: true,
    internal: `the ledger answered ${result}`,
  });
}

/** A rejection would stay with the transfer's id for ever, so missing accounts are opened before it is booked. */
async function openMissingAccounts(ledger: LedgerClient, { sender, recipient }: Transfer): Promise<void> {
  const customers = [sender, recipient];
  const { value } = await ledger.accounts(customers.map(spendingAccount));
  const missing = customers.filter((_, index) => value[index] === undefined);
  if (missing.length === 0) return;
  const { results } = await ledger.submit(
    missing.map((customer) => openAccount('spending', BITCOIN_ASSET, { customer })),
  );
  for (const { result } of results) if (result !== 'ok' && result !== 'exists') throw notBooked(result);
}

function occurrenceOf({ id, sender, recipient, amount }: Transfer): Occurrence {
  const parties = { customer: sender, other: recipient };
  return { event: 'instantTransfer', entity: id, asset: BITCOIN_ASSET, parties, amounts: { amount } };
}

/** The logged payment of a transfer, if it was booked. */
export async function findPayment(ledger: LedgerClient, id: TransferId): Promise<LoggedRecord | undefined> {
  const { value } = await ledger.transfers([paymentId(id)]);
  const [payment] = value;
  return payment?.record.outcome === 'applied' ? payment : undefined;
}

/**
 * Books a transfer, once, however often it is called: the ledger knows its id.
 * @throws LedgerError when the ledger is away; TransferError `transfer_not_booked`. Then nobody knows whether it
 * was booked, and booking it again finds out.
 */
export async function bookTransfer(ledger: LedgerClient, transfer: Transfer): Promise<Booking> {
  await openMissingAccounts(ledger, transfer);
  const { results, timeMs } = await ledger.submit(bookEvent(occurrenceOf(transfer)));
  const result = results[0]?.result ?? 'linked_record_failed';
  if (result === 'ok') return { kind: 'booked', bookedAt: new Date(timeMs) };
  if (result === 'exists') {
    const payment = await findPayment(ledger, transfer.id);
    if (payment === undefined) throw notBooked(result);
    return { kind: 'booked', bookedAt: new Date(payment.timeMs) };
  }
  const code = FINAL[result];
  if (code === undefined) throw notBooked(result);
  return { kind: 'refused', code };
}
