import type { Database } from '../../database/index.ts';
import { sealSecret, unsealSecret, type KeyedHash } from '../../http/index.ts';
import {
  idFromUuid,
  idToUuid,
  type Clock,
  type CustomerId,
  type Id,
  type IntegratorId,
} from '../../shared/index.ts';
import type { EventType } from '../event-contract.ts';

export type WebhookId = Id<'webhook'>;
export type DeliveryId = Id<'delivery'>;
export type WebhookState = 'enabled' | 'disabled' | 'deleted';
export type DisabledReason = 'owner' | 'gone' | 'failing' | 'unapproved';

/** What the use cases of webhooks need. */
export interface WebhookParts {
  readonly database: Database;
  readonly hash: KeyedHash;
  readonly clock: Clock;
  /** For the sandbox alone: endpoints on this machine, and without TLS. */
  readonly allowLoopback: boolean;
  /** Whether others must approve where a customer's messages go; nobody's unless told. */
  readonly needsApproval?: (customer: CustomerId) => Promise<boolean>;
}

export type WebhookOwner =
  | { readonly kind: 'customer'; readonly id: CustomerId }
  | { readonly kind: 'integrator'; readonly id: IntegratorId };

/** An endpoint as its owner sees it. */
export interface Webhook {
  readonly id: WebhookId;
  readonly url: string;
  readonly description: string;
  readonly eventTypes: EventType[];
  readonly enabled: boolean;
  readonly disabledReason: DisabledReason | null;
  readonly failingSince: Date | null;
  readonly createdAt: Date;
  readonly version: number;
}

/** The columns that name an owner. */
export function ownedBy({ kind, id }: WebhookOwner): { customerId: string } | { integratorId: string } {
  return kind === 'customer' ? { customerId: idToUuid(id) } : { integratorId: idToUuid(id) };
}

export interface WebhookRow {
  id: string;
  url: string;
  description: string;
  eventTypes: string[];
  state: string;
  disabledReason: string | null;
  failingSince: Date | null;
  createdAt: Date;
  version: number;
}

export function webhookOf(row: WebhookRow): Webhook {
  const { url, description, failingSince, createdAt, version } = row;
  return {
    ...{ url, description, failingSince, createdAt, version },
    id: idFromUuid('webhook', row.id),
    eventTypes: row.eventTypes as EventType[],
    enabled: row.state === 'enabled',
    disabledReason: row.disabledReason as DisabledReason | null,
  };
}

const PURPOSE = 'webhooks/secret';

export function sealWebhookSecret(
  hash: KeyedHash,
  id: WebhookId,
  secret: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return sealSecret(hash, PURPOSE, id, secret);
}

export function unsealWebhookSecret(hash: KeyedHash, id: WebhookId, sealed: Uint8Array): Buffer {
  return unsealSecret(hash, PURPOSE, id, sealed);
}
