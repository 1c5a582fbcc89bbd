import { inTransaction } from '../../database/index.ts';
import { crashPoint, derivedId, idFromUuid, idToUuid } from '../../shared/index.ts';
import { readEvents, type PublishedEvent } from '../event-stream.ts';
import type { WebhookParts } from './webhook.ts';

const BATCH = 200;

interface Listener {
  id: string;
  customerId: string | null;
  eventTypes: string[];
  fromPosition: bigint;
}

/** A customer is told what concerns them; an integrator, who acts for the institution, everything. */
export function wants(listener: Listener, event: PublishedEvent): boolean {
  if (BigInt(event.position) <= listener.fromPosition) return false;
  if (listener.customerId !== null && event.customer !== idFromUuid('customer', listener.customerId)) {
    return false;
  }
  // A test goes to the endpoint that asked for it, and to no other.
  if (event.type === 'webhook.test') return event.subject === idFromUuid('webhook', listener.id);
  return listener.eventTypes.length === 0 || listener.eventTypes.includes(event.type);
}

/**
 * Makes deliveries of the next events, for every enabled endpoint that wants them, and returns how many events
 * were handled. Place and deliveries move in one transaction, and one process does it at a time; another gets 0.
 * @throws EventError `events_damaged`: nothing that somebody tampered with is passed over or told.
 */
export async function fanOut({ database, clock }: WebhookParts): Promise<number> {
  return await inTransaction(database, async (tx) => {
    const [cursor] = await tx.$queryRaw<{ position: bigint }[]>`
      SELECT position FROM app.webhook_cursor WHERE name = 'deliveries' FOR UPDATE SKIP LOCKED`;
    if (cursor === undefined) return 0;
    const events = await readEvents(tx, cursor.position, BATCH);
    const last = events.at(-1);
    if (last === undefined) return 0;
    const listeners = await tx.webhookEndpoint.findMany({
      where: { state: 'enabled' },
      select: { id: true, customerId: true, eventTypes: true, fromPosition: true },
    });
    const now = new Date(clock.nowMs());
    const deliveries = events.flatMap((event) =>
      listeners
        .filter((listener) => wants(listener, event))
        .map(({ id: endpointId }) => ({
          id: idToUuid(derivedId('delivery', event.id, endpointId)),
          endpointId,
          eventId: idToUuid(event.id),
          state: 'pending',
          nextAttemptAt: now,
          createdAt: now,
        })),
    );
    await tx.webhookDelivery.createMany({ data: deliveries, skipDuplicates: true });
    await tx.webhookCursor.update({
      where: { name: 'deliveries' },
      data: { position: BigInt(last.position) },
    });
    crashPoint('webhook.fanned_out');
    return events.length;
  });
}
