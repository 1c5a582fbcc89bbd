import { appendAudit, type AuditEntry } from '../../audit/index.ts';
import { inTransaction, type DatabaseTransaction } from '../../database/index.ts';
import { versionMismatch } from '../../http/index.ts';
import { idToUuid, type JsonValue } from '../../shared/index.ts';
import { appendEvent } from '../append-event.ts';
import { WebhookError } from '../errors.ts';
import type { EventType } from '../event-contract.ts';
import { newSecret, secretText } from './webhook-signature.ts';
import { endpointUrl } from './webhook-target.ts';
import {
  ownedBy,
  sealWebhookSecret,
  unsealWebhookSecret,
  webhookOf,
  type DisabledReason,
  type Webhook,
  type WebhookId,
  type WebhookOwner,
  type WebhookParts,
  type WebhookState,
} from './webhook.ts';

/** More endpoints than this is a way to make us flood somebody. */
const MAX_WEBHOOKS = 10;
/** How long the secret before signs too. */
const ROTATION_MS = 24 * 3_600_000;

const UNAPPROVED = 'unapproved' satisfies DisabledReason;

/** Who asked, for the audit log. */
export type Cause = Pick<AuditEntry, 'actor' | 'strength' | 'requestId'>;

export interface WebhookSettings {
  readonly url: string;
  readonly description: string;
  /** Empty: all types. */
  readonly eventTypes: readonly EventType[];
}

type WebhookAction =
  | 'webhook.create'
  | 'webhook.update'
  | 'webhook.delete'
  | 'webhook.rotate'
  | 'webhook.test'
  | 'webhook.redeliver';

export async function record(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  cause: Cause,
  action: WebhookAction,
  entity: string,
  after: JsonValue = null,
  before: JsonValue = null,
): Promise<void> {
  await appendAudit(tx, { ...cause, action, entity, before, after }, parts.clock);
}

/** What a URL says of its place; its path and query may hold a secret of the receiver's. */
function placeOf(url: string): string {
  return new URL(url).origin;
}

function auditFacts({ url, eventTypes, enabled }: Webhook) {
  return { place: placeOf(url), eventTypes: [...eventTypes], enabled };
}

/** Rows that are there for this owner. */
export function visible(owner: WebhookOwner, id?: WebhookId) {
  const one = id === undefined ? {} : { id: idToUuid(id) };
  return { ...one, ...ownedBy(owner), state: { not: 'deleted' satisfies WebhookState } };
}

export function unknownWebhook(): WebhookError {
  return new WebhookError('webhook_unknown', 'There is no such webhook.');
}

/**
 * Makes an endpoint within the caller's transaction. It is told of what is sealed from now on.
 * @throws WebhookError `webhook_url_refused`, `webhook_limit_reached`.
 */
export async function createWebhook(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  owner: WebhookOwner,
  id: WebhookId,
  settings: WebhookSettings & { readonly approved: boolean },
  cause: Cause,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  const url = endpointUrl(settings.url, parts.allowLoopback);
  // One at a time for each owner, so that many at once do not all count before any of them is there.
  await tx.$queryRaw`SELECT 1 FROM pg_advisory_xact_lock(hashtextextended(${`webhooks/${owner.id}`}, 0))`;
  if ((await tx.webhookEndpoint.count({ where: visible(owner) })) >= MAX_WEBHOOKS) {
    throw new WebhookError('webhook_limit_reached', 'Delete a webhook before adding another.', {
      details: { limit: MAX_WEBHOOKS },
    });
  }
  const head = await tx.streamHead.findUniqueOrThrow({ where: { name: 'events' } });
  const secret = newSecret();
  const row = await tx.webhookEndpoint.create({
    data: {
      id: idToUuid(id),
      ...ownedBy(owner),
      url,
      description: settings.description,
      eventTypes: [...settings.eventTypes],
      ...(settings.approved
        ? { state: 'enabled' satisfies WebhookState }
        : { state: 'disabled' satisfies WebhookState, disabledReason: UNAPPROVED }),
      secretSealed: sealWebhookSecret(parts.hash, id, secret),
      fromPosition: head.position,
      createdAt: new Date(parts.clock.nowMs()),
    },
  });
  await record(parts, tx, cause, 'webhook.create', id, {
    place: placeOf(url),
    eventTypes: [...settings.eventTypes],
  });
  return { webhook: webhookOf(row), secret: secretText(secret) };
}

export async function listWebhooks(parts: WebhookParts, owner: WebhookOwner): Promise<readonly Webhook[]> {
  const rows = await parts.database.webhookEndpoint.findMany({
    where: visible(owner),
    orderBy: { id: 'asc' },
  });
  return rows.map(webhookOf);
}

/** @throws WebhookError `webhook_unknown`, also for those of others. */
export async function getWebhook(
  parts: WebhookParts,
  owner: WebhookOwner,
  id: WebhookId,
  tx: DatabaseTransaction = parts.database,
): Promise<Webhook> {
  const row = await tx.webhookEndpoint.findFirst({ where: visible(owner, id) });
  if (row === null) throw unknownWebhook();
  return webhookOf(row);
}

export type WebhookChange = Partial<WebhookSettings> & { readonly enabled?: boolean | undefined };

/** Whether an owner may say alone where messages go. */
export async function decidesAlone(parts: WebhookParts, owner: WebhookOwner): Promise<boolean> {
  return owner.kind !== 'customer' || (await parts.needsApproval?.(owner.id)) !== true;
}

/** @throws WebhookError `webhook_needs_approval` for a new place, or one that nobody has approved yet. */
async function requireApproved(
  parts: WebhookParts,
  owner: WebhookOwner,
  { url, disabledReason }: Webhook,
  change: WebhookChange,
): Promise<void> {
  const isNewPlace = change.url !== undefined && change.url !== url;
  const isOpened = change.enabled === true && disabledReason === UNAPPROVED;
  if (!isNewPlace && !isOpened) return;
  if (await decidesAlone(parts, owner)) return;
  throw new WebhookError(
    'webhook_needs_approval',
    'Ask for it at /v1/webhooks/{webhookId}/changes and sign: others approve where messages of this account go.',
  );
}

/**
 * @throws WebhookError `webhook_unknown`, `webhook_url_refused`, `webhook_needs_approval`; HttpError
 * `precondition_failed`.
 */
export async function updateWebhook(
  parts: WebhookParts,
  owner: WebhookOwner,
  id: WebhookId,
  version: number,
  change: WebhookChange,
  cause: Cause,
): Promise<Webhook> {
  const { url, description, eventTypes, enabled } = change;
  const address = url === undefined ? {} : { url: endpointUrl(url, parts.allowLoopback), failingSince: null };
  const switched =
    enabled === undefined
      ? {}
      : enabled
        ? { state: 'enabled' satisfies WebhookState, disabledReason: null, failingSince: null }
        : { state: 'disabled' satisfies WebhookState, disabledReason: 'owner' };
  return await inTransaction(parts.database, async (tx) => {
    const before = await getWebhook(parts, owner, id, tx);
    await requireApproved(parts, owner, before, change);
    const { count } = await tx.webhookEndpoint.updateMany({
      where: { ...visible(owner, id), version },
      data: {
        ...address,
        ...(description === undefined ? {} : { description }),
        ...(eventTypes === undefined ? {} : { eventTypes: [...eventTypes] }),
        ...switched,
        version: { increment: 1 },
      },
    });
    if (count !== 1) throw versionMismatch();
    const webhook = await getWebhook(parts, owner, id, tx);
    await record(parts, tx, cause, 'webhook.update', id, auditFacts(webhook), auditFacts(before));
    return webhook;
  });
}

/** Erases the secrets; what was delivered stays on record. @throws WebhookError `webhook_unknown`. */
export async function deleteWebhook(
  parts: WebhookParts,
  owner: WebhookOwner,
  id: WebhookId,
  cause: Cause,
): Promise<void> {
  await inTransaction(parts.database, async (tx) => {
    const before = await getWebhook(parts, owner, id, tx);
    const { count } = await tx.webhookEndpoint.updateMany({
      where: visible(owner, id),
      data: {
        state: 'deleted' satisfies WebhookState,
        secretSealed: null,
        previousSealed: null,
        previousUntil: null,
        version: { increment: 1 },
      },
    });
    if (count !== 1) throw unknownWebhook();
    await record(parts, tx, cause, 'webhook.delete', id, null, auditFacts(before));
  });
}

/** Gives a new secret; for a day messages carry both signatures. @throws WebhookError `webhook_unknown`. */
export async function rotateSecret(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  owner: WebhookOwner,
  id: WebhookId,
  cause: Cause,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  const row = await tx.webhookEndpoint.findFirst({ where: visible(owner, id) });
  if (row === null || row.secretSealed === null) throw unknownWebhook();
  const current = unsealWebhookSecret(parts.hash, id, row.secretSealed);
  const secret = newSecret();
  const { count } = await tx.webhookEndpoint.updateMany({
    where: { id: row.id, version: row.version },
    data: {
      secretSealed: sealWebhookSecret(parts.hash, id, secret),
      previousSealed: sealWebhookSecret(parts.hash, id, current),
      previousUntil: new Date(parts.clock.nowMs() + ROTATION_MS),
      version: { increment: 1 },
    },
  });
  if (count !== 1) throw versionMismatch();
  const { version } = row;
  await record(parts, tx, cause, 'webhook.rotate', id, { version: version + 1 }, { version });
  return { webhook: await getWebhook(parts, owner, id, tx), secret: secretText(secret) };
}

/**
 * An event like any other that goes to this endpoint alone, whatever its filter.
 * @throws WebhookError `webhook_unknown`, `webhook_disabled`.
 */
export async function sendTest(
  parts: WebhookParts,
  tx: DatabaseTransaction,
  owner: WebhookOwner,
  id: WebhookId,
  cause: Cause,
) {
  const { enabled } = await getWebhook(parts, owner, id, tx);
  if (!enabled) throw new WebhookError('webhook_disabled', 'Enable the webhook first.');
  const customer = owner.kind === 'customer' ? owner.id : null;
  const data = { note: 'This is a test.' };
  await record(parts, tx, cause, 'webhook.test', id);
  return await appendEvent(tx, { type: 'webhook.test', subject: id, customer, data }, parts.clock);
}
