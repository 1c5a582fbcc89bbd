import { appendAudit, type AuditEntry } from '../audit/index.ts';
import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { requireAllowed } from '../freeze/index.ts';
import { appendEvent } from '../events/index.ts';
import { crashPoint, formatSatoshis } from '../shared/index.ts';
import { refusal, TransferError, type RefusalCode } from './errors.ts';
import type { Transfer } from './transfer.ts';
import { bookTransfer } from './transfer-ledger.ts';
import type { TransferParts } from './transfer-parts.ts';
import { customerExists, insertTransfer, moveTransfer } from './transfer-store.ts';

/** Who asked, for the audit log. */
export type Cause = Pick<AuditEntry, 'actor' | 'strength' | 'requestId'>;

const OURSELVES = { actor: { kind: 'process', id: 'transfers' }, strength: 'process' } as const;

async function check(parts: TransferParts, { sender, recipient, amount }: Transfer): Promise<void> {
  if (amount === 0n)
    throw new TransferError('transfer_amount_zero', 'A transfer moves at least one satoshi.');
  if (sender === recipient) throw new TransferError('transfer_to_self', 'Sender and recipient are the same.');
  if (!(await customerExists(parts.database, recipient))) {
    throw new TransferError('transfer_recipient_unknown', 'There is no customer with this id.');
  }
}

/** The intention, stored before anything happens, so that whoever finds it can finish it. */
async function remember(parts: TransferParts, transfer: Transfer, cause: Cause): Promise<void> {
  const { id, sender, recipient, amount } = transfer;
  await inTransaction(parts.database, async (tx) => {
    if (!(await insertTransfer(tx, transfer, new Date(parts.clock.nowMs())))) return;
    // Only for a new one: what was stored before may be paid already, and is answered as it went.
    await requireAllowed(tx, sender, 'transfer');
    const after = { recipient, amountSats: formatSatoshis(amount) };
    await appendAudit(tx, { ...cause, action: 'transfer.request', entity: id, after }, parts.clock);
  });
}

/** Marks a booked transfer, and tells both sides, exactly once. */
export async function completeTransfer(
  parts: TransferParts,
  tx: DatabaseTransaction,
  transfer: Transfer,
): Promise<void> {
  const { id, sender, recipient, amount, memo } = transfer;
  const settled = { at: new Date(parts.clock.nowMs()), refusal: null };
  if (!(await moveTransfer(tx, id, 'complete', settled))) return;
  const states = { before: { state: 'requested' }, after: { state: 'completed' } };
  await appendAudit(tx, { ...OURSELVES, action: 'transfer.complete', entity: id, ...states }, parts.clock);
  const amountSats = formatSatoshis(amount);
  const sides = [
    { customer: sender, direction: 'sent', counterparty: recipient },
    { customer: recipient, direction: 'received', counterparty: sender },
  ];
  for (const { customer, ...seen } of sides) {
    const data = { ...seen, amountSats, memo };
    await appendEvent(tx, { type: 'transfer.completed', subject: id, customer, data }, parts.clock);
  }
}

async function refuseTransfer(parts: TransferParts, transfer: Transfer, code: RefusalCode): Promise<void> {
  await inTransaction(parts.database, async (tx) => {
    const settled = { at: new Date(parts.clock.nowMs()), refusal: code };
    if (!(await moveTransfer(tx, transfer.id, 'refuse', settled))) return;
    const states = { before: { state: 'requested' }, after: { state: 'refused', code } };
    const entry = { ...OURSELVES, action: 'transfer.refuse', entity: transfer.id, ...states };
    await appendAudit(tx, entry, parts.clock);
  });
}

/**
 * Books a transfer that is stored; returns when. What is refused for good is marked so.
 * @throws TransferError with the refusal, or `transfer_not_booked`; LedgerError when the ledger is away.
 */
export async function settleTransfer(parts: TransferParts, transfer: Transfer): Promise<Date> {
  const booking = await bookTransfer(parts.ledger, transfer);
  crashPoint('transfer.booked');
  if (booking.kind === 'booked') return booking.bookedAt;
  await refuseTransfer(parts, transfer, booking.code);
  throw refusal(booking.code);
}

/**
 * Stores a customer's transfer and books it; returns when it was booked. `completeTransfer` must follow. May be
 * repeated from any point with the same transfer, by its customer or by `stepTransfers`: it is paid once.
 * @throws TransferError; LedgerError when the ledger is away.
 */
export async function makeTransfer(parts: TransferParts, transfer: Transfer, cause: Cause): Promise<Date> {
  await check(parts, transfer);
  await remember(parts, transfer, cause);
  crashPoint('transfer.stored');
  return await settleTransfer(parts, transfer);
}
