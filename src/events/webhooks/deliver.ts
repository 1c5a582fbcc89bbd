import { appendAudit } from '../../audit/index.ts';
import { inTransaction, type DatabaseTransaction } from '../../database/index.ts';
import { canonicalJson, crashPoint, idFromUuid, isoTime, latestDue } from '../../shared/index.ts';
import { appendEvent } from '../append-event.ts';
import { publishedEvent, type PublishedEvent } from '../event-stream.ts';
import { DISABLE_AFTER_MS, latestAttempt, nextAttempt } from './retry-schedule.ts';
import { sendWebhook, type SendOptions, type SendResult } from './send-webhook.ts';
import { webhookHeaders } from './webhook-signature.ts';
import { unsealWebhookSecret, type WebhookParts } from './webhook.ts';

/** Outlasts every attempt, so that a claim that is over has no living owner but one too slow to matter. */
const CLAIM_MS = 60_000;
/** One receiver that is slow holds up so many of our attempts, not all. */
const AT_ONCE_PER_ENDPOINT = 2;

export interface DeliverOptions extends Omit<SendOptions, 'allowLoopback'> {
  /** Default 60 s. */
  readonly claimMs?: number;
  /** In [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

interface Claimed {
  id: string;
  endpointId: string;
  attempts: number;
  tries: number;
}

/**
 * Takes one delivery that is due and marks it as being attempted, in one statement. Whoever dies with it leaves a
 * claim that ends by itself.
 */
async function claim(parts: WebhookParts, claimMs: number): Promise<Claimed | undefined> {
  const now = new Date(parts.clock.nowMs());
  const until = new Date(now.getTime() + claimMs);
  const latestClaim = latestDue(now.getTime(), 2 * claimMs);
  const [claimed] = await parts.database.$queryRaw<Claimed[]>`
    UPDATE app.webhook_delivery t
    SET attempts = t.attempts + 1, tries = t.tries + 1, claimed_until = ${until}
    WHERE t.id = (
      SELECT due.id FROM app.webhook_endpoint w
      CROSS JOIN LATERAL (
        SELECT d.id, d.next_attempt_at FROM app.webhook_delivery d
        WHERE d.endpoint_id = w.id AND d.state = 'pending'
          AND (d.next_attempt_at <= ${now} OR d.next_attempt_at > ${latestAttempt(now.getTime())})
          AND (d.claimed_until IS NULL OR d.claimed_until <= ${now} OR d.claimed_until > ${latestClaim})
        ORDER BY d.next_attempt_at, d.id LIMIT 1 FOR UPDATE SKIP LOCKED
      ) due
      WHERE w.state = 'enabled' AND ${AT_ONCE_PER_ENDPOINT} > (
        SELECT count(*) FROM app.webhook_delivery b
        WHERE b.endpoint_id = w.id AND b.state = 'pending'
          AND b.claimed_until > ${now} AND b.claimed_until <= ${latestClaim}
      )
      ORDER BY due.next_attempt_at, due.id LIMIT 1
    )
    RETURNING t.id, t.endpoint_id AS "endpointId", t.attempts, t.tries`;
  return claimed;
}

/** The body of a message: the event, the same bytes at every attempt. */
export function messageOf(event: PublishedEvent): string {
  const { id, type, occurredAt, subject, customer, position, data } = event;
  return canonicalJson({ id, type, timestamp: occurredAt, subject, customer, position, data });
}

async function attempt(parts: WebhookParts, claimed: Claimed, options: DeliverOptions): Promise<SendResult> {
  const { endpoint, event } = await parts.database.webhookDelivery.findUniqueOrThrow({
    where: { id: claimed.id },
    include: { endpoint: true, event: { include: { seal: true } } },
  });
  const nowMs = parts.clock.nowMs();
  if (endpoint.secretSealed === null || event.seal === null) {
    throw new TypeError('a delivery without a secret or a place in the order was claimed');
  }
  const published = publishedEvent(event.seal.position, event.content);
  if (endpoint.customerId !== null && published.customer !== idFromUuid('customer', endpoint.customerId)) {
    throw new TypeError('a delivery would tell one customer of another');
  }
  const id = idFromUuid('webhook', endpoint.id);
  const isRotating = endpoint.previousUntil !== null && endpoint.previousUntil.getTime() > nowMs;
  const sealed = [endpoint.secretSealed, ...(isRotating ? [endpoint.previousSealed] : [])];
  const secrets = sealed.flatMap((one) => (one === null ? [] : [unsealWebhookSecret(parts.hash, id, one)]));
  const body = messageOf(published);
  const headers = webhookHeaders(secrets, published.id, Math.floor(nowMs / 1_000), body);
  return await sendWebhook(endpoint.url, headers, body, { ...options, allowLoopback: parts.allowLoopback });
}

type Outcome = 'delivered' | 'gone' | 'failed';

function outcomeOf({ status }: SendResult): Outcome {
  if (status !== null && status >= 200 && status <= 299) return 'delivered';
  return status === 410 ? 'gone' : 'failed';
}

async function disable(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  endpointId: string,
  reason: 'gone' | 'failing',
): Promise<void> {
  const { count } = await tx.webhookEndpoint.updateMany({
    where: { id: endpointId, state: 'enabled' },
    data: { state: 'disabled', disabledReason: reason, version: { increment: 1 } },
  });
  if (count !== 1) return;
  const { customerId, failingSince } = await tx.webhookEndpoint.findUniqueOrThrow({
    where: { id: endpointId },
  });
  const subject = idFromUuid('webhook', endpointId);
  const customer = customerId === null ? null : idFromUuid('customer', customerId);
  const data = { reason, failingSince: failingSince === null ? null : isoTime(failingSince.getTime()) };
  await appendEvent(tx, { type: 'webhook.disabled', subject, customer, data }, parts.clock);
  const actor = { kind: 'process', id: 'worker' } as const;
  const entry = {
    actor,
    strength: 'process',
    action: 'webhook.disable',
    entity: subject,
    after: data,
  } as const;
  await appendAudit(tx, entry, parts.clock);
}

/** What an outcome means for the endpoint as a whole. */
async function judgeEndpoint(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  endpointId: string,
  outcome: Outcome,
): Promise<void> {
  if (outcome === 'gone') {
    await disable(parts, tx, endpointId, 'gone');
    return;
  }
  const now = new Date(parts.clock.nowMs());
  if (outcome === 'delivered') {
    await tx.webhookEndpoint.updateMany({
      where: { id: endpointId, failingSince: { not: null } },
      data: { failingSince: null },
    });
    return;
  }
  await tx.webhookEndpoint.updateMany({
    where: { id: endpointId, failingSince: null },
    data: { failingSince: now },
  });
  const isLost = await tx.webhookEndpoint.count({
    where: { id: endpointId, failingSince: { lte: new Date(now.getTime() - DISABLE_AFTER_MS) } },
  });
  if (isLost > 0) await disable(parts, tx, endpointId, 'failing');
}

async function settle(
  parts: WebhookParts,
  claimed: Claimed,
  startedAt: Date,
  result: SendResult,
  random: () => number,
): Promise<void> {
  const outcome = outcomeOf(result);
  const nowMs = parts.clock.nowMs();
  const next = outcome === 'failed' ? nextAttempt(nowMs, claimed.tries, random()) : null;
  const settled = next === null ? new Date(nowMs) : null;
  const state = outcome === 'delivered' ? 'delivered' : next === null ? 'failed' : 'pending';
  await inTransaction(parts.database, async (tx) => {
    // Another attempt has begun since: it decides, and this one is not counted.
    const { count } = await tx.webhookDelivery.updateMany({
      where: { id: claimed.id, attempts: claimed.attempts, state: 'pending' },
      data: {
        state,
        settledAt: settled,
        claimedUntil: null,
        ...(next === null ? {} : { nextAttemptAt: next }),
      },
    });
    if (count !== 1) return;
    await tx.webhookAttempt.create({
      data: {
        deliveryId: claimed.id,
        number: claimed.attempts,
        startedAt,
        latencyMs: Math.max(0, nowMs - startedAt.getTime()),
        ...result,
      },
    });
    await judgeEndpoint(parts, tx, claimed.endpointId, outcome);
  });
}

/**
 * Attempts one delivery that is due, and returns 1, or 0 when none is. Delivers at least once: killed between
 * sending and recording, the message goes out again with the same `webhook-id`.
 */
export async function deliverOne(parts: WebhookParts, options: DeliverOptions = {}): Promise<number> {
  const claimed = await claim(parts, options.claimMs ?? CLAIM_MS);
  if (claimed === undefined) return 0;
  const startedAt = new Date(parts.clock.nowMs());
  const result = await attempt(parts, claimed, options);
  crashPoint('webhook.sent');
  await settle(parts, claimed, startedAt, result, options.random ?? Math.random);
  crashPoint('webhook.recorded');
  return 1;
}
