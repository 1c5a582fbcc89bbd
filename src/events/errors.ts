import { DomainError } from '../shared/index.ts';

export type EventErrorCode = 'event_too_large' | 'event_invalid' | 'events_damaged';

export class EventError extends DomainError<EventErrorCode> {}

export type WebhookErrorCode =
  | 'webhook_unknown'
  | 'webhook_url_refused'
  | 'webhook_limit_reached'
  | 'webhook_disabled'
  | 'webhook_needs_approval'
  | 'webhook_change_empty'
  | 'delivery_unknown'
  | 'delivery_pending';

export class WebhookError extends DomainError<WebhookErrorCode> {}

/** How refusals about webhooks look over HTTP. */
export const webhookErrorMap = {
  webhook_unknown: { status: 404, title: 'There is no such webhook' },
  webhook_url_refused: { status: 422, title: 'The URL cannot be used' },
  webhook_limit_reached: { status: 409, title: 'There are too many webhooks' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  webhook_needs_approval: { status: 409, title: 'Others must approve where it goes' },
  webhook_change_empty: { status: 409, title: 'Nothing would change' },
  delivery_unknown: { status: 404, title: 'There is no such delivery' },
  delivery_pending: { status: 409, title: 'The delivery is under way' },
} as const satisfies Readonly<Record<WebhookErrorCode, { status: number; title: string }>>;
