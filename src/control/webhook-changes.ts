import {
  ApprovalError,
  findIntent,
  requireKind,
  settleApproved,
  WORKER,
  type QueueActor,
  type SettleParts,
  type StoredIntent,
} from '../approvals/index.ts';
import type { DatabaseTransaction } from '../database/index.ts';
import {
  applyWebhookChange,
  checkWebhookChange,
  type WebhookParts,
  type WebhookPlace,
} from '../events/index.ts';
import type { WebhookChangeIntent } from '../intents/index.ts';
import { parseId, type CustomerId, type IntentId } from '../shared/index.ts';

export type WebhookChangeParts = SettleParts & WebhookParts;

export interface WebhookChangeRequest extends WebhookPlace {
  readonly intent: IntentId;
  readonly reason: string;
}

/**
 * Writes down where messages of a customer are to go. The customer signs it next with a key that is pinned, so that a
 * stolen session does not suffice, others approve, and only then it is so.
 * @throws WebhookError `webhook_unknown`, `webhook_url_refused`, `webhook_change_empty`.
 */
export async function requestWebhookChange(
  parts: WebhookChangeParts,
  tx: DatabaseTransaction,
  { intent: id, customer, webhook, url: wished, reason }: WebhookChangeRequest,
  by: QueueActor,
): Promise<StoredIntent> {
  const found = await checkWebhookChange(parts, tx, { customer, webhook, url: wished });
  const body = { customer, webhook, reason, url: found.url, number: found.webhook.version };
  const draft = await parts.queue.draft(tx, { kind: 'webhook_change', id, requester: customer, body });
  return await parts.queue.submit(tx, draft, by);
}

/** One's own. @throws ApprovalError `queued_intent_unknown`, also for those of others. */
export async function ownWebhookChange(
  tx: DatabaseTransaction,
  id: IntentId,
  customer: CustomerId,
): Promise<StoredIntent<WebhookChangeIntent>> {
  const stored = await findIntent(tx, id);
  if (stored.intent.kind !== 'webhook_change' || stored.intent.body.customer !== customer) {
    throw new ApprovalError('queued_intent_unknown', 'There is no such intent.');
  }
  return requireKind(stored, 'webhook_change');
}

async function carryOut(
  parts: WebhookChangeParts,
  tx: DatabaseTransaction,
  { intent }: StoredIntent<WebhookChangeIntent>,
): Promise<string | undefined> {
  const { customer, webhook, url, number } = intent.body;
  const place = { customer: parseId('customer', customer), webhook: parseId('webhook', webhook), url };
  const isSame = await applyWebhookChange(parts, tx, place, number, WORKER);
  return isSame ? undefined : 'The endpoint is not as it was when this was asked for.';
}

/** Sends messages where it was approved. May be repeated after a crash anywhere. @returns how many. */
export async function settleWebhookChanges(parts: WebhookChangeParts): Promise<number> {
  return await settleApproved(parts, {
    ...{ kind: 'webhook_change', during: 'webhook.change' },
    act: (tx, stored) => carryOut(parts, tx, stored),
  });
}
