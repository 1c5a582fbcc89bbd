import type { DatabaseTransaction } from '../../database/index.ts';
import { idToUuid, type CustomerId } from '../../shared/index.ts';
import { appendEvent } from '../append-event.ts';
import { WebhookError } from '../errors.ts';
import { getWebhook, record, visible, type Cause } from './manage-webhooks.ts';
import { endpointUrl } from './webhook-target.ts';
import type { Webhook, WebhookId, WebhookParts } from './webhook.ts';

/** Where messages of a customer are to go. */
export interface WebhookPlace {
  readonly customer: CustomerId;
  readonly webhook: WebhookId;
  readonly url: string;
}

/**
 * The endpoint that is to be changed, and the one spelling of where it is to go.
 * @throws WebhookError `webhook_unknown`, `webhook_url_refused`, `webhook_change_empty`.
 */
export async function checkWebhookChange(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  { customer, webhook: id, url: wished }: WebhookPlace,
): Promise<{ readonly webhook: Webhook; readonly url: string }> {
  const webhook = await getWebhook(parts, { kind: 'customer', id: customer }, id, tx);
  const url = endpointUrl(wished, parts.allowLoopback);
  if (url === webhook.url && webhook.enabled) {
    throw new WebhookError('webhook_change_empty', 'It goes there already.');
  }
  return { webhook, url };
}

/**
 * Changes where messages go, as it was approved; whoever calls has checked that. @returns whether it was still the
 * version that people approved a change of. @throws WebhookError `webhook_unknown`, `webhook_url_refused`.
 */
export async function applyWebhookChange(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  { customer, webhook: id, url: wished }: WebhookPlace,
  version: number,
  cause: Cause,
): Promise<boolean> {
  const owner = { kind: 'customer', id: customer } as const;
  await getWebhook(parts, owner, id, tx);
  const url = endpointUrl(wished, parts.allowLoopback);
  const { count } = await tx.webhookEndpoint.updateMany({
    where: { ...visible(owner), id: idToUuid(id), version },
    data: { url, state: 'enabled', disabledReason: null, failingSince: null, version: { increment: 1 } },
  });
  if (count !== 1) return false;
  const place = new URL(url).origin;
  await record(parts, tx, cause, 'webhook.update', id, { place, enabled: true });
  await appendEvent(tx, { type: 'webhook.changed', subject: id, customer, data: { place } }, parts.clock);
  return true;
}
