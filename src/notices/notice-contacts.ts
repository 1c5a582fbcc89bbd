import { appendAudit, type AuditEntry } from '../audit/index.ts';
import type { Database, DatabaseTransaction } from '../database/index.ts';
import { appendEvent } from '../events/index.ts';
import { idToUuid, newId, type Clock, type CustomerId } from '../shared/index.ts';
import type { Channel } from './notice-parts.ts';

/** A number that was replaced is told for so long more, so that nobody replaces it unheard. */
export const OLD_NUMBER_TOLD_MS = 7 * 86_400_000;

/** The number that text messages go to from now on; null for none. */
export async function currentPhone(
  tables: Database | DatabaseTransaction,
  customer: CustomerId,
): Promise<string | null> {
  const row = await tables.noticePhone.findFirst({ where: { customerId: idToUuid(customer), until: null } });
  return row?.number ?? null;
}

/** Everywhere a customer is told at this time: the address of the account, and numbers old and new. */
export async function addressesOf(
  tx: DatabaseTransaction,
  customer: CustomerId,
  now: Date,
): Promise<readonly { readonly channel: Channel; readonly address: string }[]> {
  const id = idToUuid(customer);
  const account = await tx.customer.findUnique({ where: { id }, select: { email: true } });
  const phones = await tx.noticePhone.findMany({
    where: { customerId: id, OR: [{ until: null }, { until: { gt: now } }] },
    select: { number: true },
  });
  const numbers = new Set(phones.map(({ number }) => number));
  return [
    ...(account === null ? [] : [{ channel: 'email' as const, address: account.email }]),
    ...[...numbers].map((address) => ({ channel: 'sms' as const, address })),
  ];
}

/** Sets or removes the number. The old one and the account's address are told too. @throws AuditError, EventError. */
export async function changePhone(
  tx: DatabaseTransaction,
  clock: Clock,
  { customer, number }: { readonly customer: CustomerId; readonly number: string | null },
  by: Pick<AuditEntry, 'actor' | 'strength' | 'requestId'>,
): Promise<void> {
  const id = idToUuid(customer);
  const nowMs = clock.nowMs();
  await tx.$queryRaw`SELECT 1 FROM customer WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const last = await currentPhone(tx, customer);
  if (last === number) return;
  const until = new Date(nowMs + OLD_NUMBER_TOLD_MS);
  await tx.noticePhone.updateMany({ where: { customerId: id, until: null }, data: { until } });
  if (number !== null) {
    const row = { id: idToUuid(newId('phone')), customerId: id, number, since: new Date(nowMs) };
    await tx.noticePhone.create({ data: row });
  }
  const data = { channel: 'sms', ending: number === null ? null : number.slice(-4) };
  const { actor, strength, requestId } = by;
  const before = { ...data, ending: last === null ? null : last.slice(-4) };
  const entry = { actor, strength, action: 'notice.contact', entity: customer, before, after: data };
  await appendAudit(tx, { ...entry, ...(requestId === undefined ? {} : { requestId }) }, clock);
  await appendEvent(tx, { type: 'contact.changed', subject: customer, customer, data }, clock);
}
