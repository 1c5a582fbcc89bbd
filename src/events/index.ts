export { appendEvent, type NewEvent } from './append-event.ts';
export {
  EventError,
  WebhookError,
  webhookErrorMap,
  type EventErrorCode,
  type WebhookErrorCode,
} from './errors.ts';
export { type EventType } from './event-contract.ts';
export { eventRoutes } from './event-routes.ts';
export { raiseAlert, type NewAlert } from './raise-alert.ts';
export { EVENT_STREAM, readEvents, type PublishedEvent } from './event-stream.ts';
export { deliverOne, type DeliverOptions } from './webhooks/deliver.ts';
export { fanOut } from './webhooks/fan-out.ts';
export { WEBHOOK_MESSAGES } from './webhooks/message-contract.ts';
export { applyWebhookChange, checkWebhookChange, type WebhookPlace } from './webhooks/approved-change.ts';
export { webhookRoutes } from './webhooks/webhook-routes.ts';
export { verifyWebhook, type ReceivedWebhook, type WebhookRefusal } from './webhooks/webhook-signature.ts';
export type { WebhookParts } from './webhooks/webhook.ts';
