import { inTransaction, type DatabaseTransaction } from '../../database/index.ts';
import { idFromUuid, idToUuid, type Id } from '../../shared/index.ts';
import { WebhookError } from '../errors.ts';
import { getWebhook, record, type Cause } from './manage-webhooks.ts';
import type { DeliveryId, WebhookId, WebhookOwner, WebhookParts } from './webhook.ts';

export interface Attempt {
  readonly number: number;
  readonly startedAt: Date;
  readonly latencyMs: number;
  readonly status: number | null;
  readonly failure: string | null;
  readonly response: string;
}

/** One event on its way to one endpoint, with the attempts so far. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly eventId: Id<'event'>;
  readonly eventType: string;
  readonly state: 'pending' | 'delivered' | 'failed';
  readonly nextAttemptAt: Date | null;
  readonly attempts: Attempt[];
  readonly createdAt: Date;
}

const WITH_LOG = {
  event: { select: { type: true } },
  log: { orderBy: { number: 'desc' }, take: 20 },
} as const;

interface Row {
  id: string;
  eventId: string;
  state: string;
  nextAttemptAt: Date;
  createdAt: Date;
  event: { type: string };
  log: Attempt[];
}

function deliveryOf(row: Row): Delivery {
  return {
    id: idFromUuid('delivery', row.id),
    eventId: idFromUuid('event', row.eventId),
    eventType: row.event.type,
    state: row.state as Delivery['state'],
    nextAttemptAt: row.state === 'pending' ? row.nextAttemptAt : null,
    attempts: row.log.map(({ number, startedAt, latencyMs, status, failure, response }) => ({
      ...{ number, startedAt, latencyMs, status, failure, response },
    })),
    createdAt: row.createdAt,
  };
}

/** Deliveries to an endpoint, the newest first. @throws WebhookError `webhook_unknown`. */
export async function listDeliveries(
  parts: WebhookParts,
  owner: WebhookOwner,
  id: WebhookId,
  limit: number,
  after: DeliveryId | null,
): Promise<{ readonly items: Delivery[]; readonly more: boolean }> {
  await getWebhook(parts, owner, id);
  const rows = await parts.database.webhookDelivery.findMany({
    where: {
      endpointId: idToUuid(id),
      ...(after === null ? {} : { id: { lt: idToUuid(after) } }),
    },
    orderBy: { id: 'desc' },
    take: limit + 1,
    include: WITH_LOG,
  });
  return { items: rows.slice(0, limit).map(deliveryOf), more: rows.length > limit };
}

async function readDelivery(tx: DatabaseTransaction, id: WebhookId, delivery: DeliveryId): Promise<Delivery> {
  const row = await tx.webhookDelivery.findFirst({
    where: { id: idToUuid(delivery), endpointId: idToUuid(id) },
    include: WITH_LOG,
  });
  if (row === null) throw new WebhookError('delivery_unknown', 'There is no such delivery.');
  return deliveryOf(row);
}

/**
 * Begins the schedule of a settled delivery again; the message has the same `webhook-id` as before.
 * @throws WebhookError `webhook_unknown`, `webhook_disabled`, `delivery_unknown`, `delivery_pending`.
 */
export async function redeliver(
  parts: WebhookParts,
  owner: WebhookOwner,
  id: WebhookId,
  delivery: DeliveryId,
  cause: Cause,
): Promise<Delivery> {
  return await inTransaction(parts.database, async (tx) => {
    const { enabled } = await getWebhook(parts, owner, id, tx);
    if (!enabled) throw new WebhookError('webhook_disabled', 'Enable the webhook first.');
    await readDelivery(tx, id, delivery);
    const { count } = await tx.webhookDelivery.updateMany({
      where: { id: idToUuid(delivery), endpointId: idToUuid(id), state: { in: ['delivered', 'failed'] } },
      data: { state: 'pending', settledAt: null, tries: 0, nextAttemptAt: new Date(parts.clock.nowMs()) },
    });
    if (count !== 1) throw new WebhookError('delivery_pending', 'This delivery is under way already.');
    await record(parts, tx, cause, 'webhook.redeliver', id, { delivery });
    return await readDelivery(tx, id, delivery);
  });
}
