import { inTransaction, type DatabaseTransaction } from '../database/index.ts';
import { readEvents, type PublishedEvent } from '../events/index.ts';
import { derivedId, idToUuid, parseId } from '../shared/index.ts';
import { FREEZE_LINK_LIFETIME_MS } from './freeze-link.ts';
import { addressesOf } from './notice-contacts.ts';
import type { NoticeWorkParts } from './notice-parts.ts';
import { tellingOf } from './notice-texts.ts';

const BATCH = 200;

async function noticesOf(
  { senders }: NoticeWorkParts,
  tx: DatabaseTransaction,
  event: PublishedEvent,
  now: Date,
) {
  const telling = tellingOf(event);
  // Old news: somebody set a channel up long after, and the link would be void anyway.
  const isOld = now.getTime() - Date.parse(event.occurredAt) >= FREEZE_LINK_LIFETIME_MS;
  if (telling === undefined || event.customer === null || isOld) return [];
  const customer = parseId('customer', event.customer);
  const addresses = await addressesOf(tx, customer, now);
  return addresses
    .filter(({ channel }) => senders.has(channel))
    .map(({ channel, address }) => ({
      id: idToUuid(derivedId('notice', event.id, `${channel}/${address}`)),
      customerId: idToUuid(customer),
      eventId: idToUuid(event.id),
      ...{ channel, address, text: telling, state: 'pending' },
      subject: 'A notice about your account',
      nextAttemptAt: now,
      createdAt: now,
    }));
}

/**
 * Makes notices of the next events, one for every address of the customer in question, and returns how many events
 * were handled. Place and notices move in one transaction, and one process does it at a time; another gets 0.
 * @throws EventError `events_damaged`.
 */
export async function spreadNotices(parts: NoticeWorkParts): Promise<number> {
  return await inTransaction(parts.database, async (tx) => {
    const [cursor] = await tx.$queryRaw<{ position: bigint }[]>`
      SELECT position FROM app.notice_cursor WHERE name = 'notices' FOR UPDATE SKIP LOCKED`;
    if (cursor === undefined) return 0;
    const events = await readEvents(tx, cursor.position, BATCH);
    const last = events.at(-1);
    if (last === undefined) return 0;
    const now = new Date(parts.clock.nowMs());
    for (const event of events) {
      const data = await noticesOf(parts, tx, event, now);
      if (data.length > 0) await tx.notice.createMany({ data, skipDuplicates: true });
    }
    const position = BigInt(last.position);
    await tx.noticeCursor.update({ where: { name: 'notices' }, data: { position } });
    return events.length;
  });
}
