import { z } from 'zod';
import { allow } from '../../http/access-contract.ts';
import { idField, pageOf, pageQuery, timeField } from '../../http/fields-contract.ts';
import { defineOperation } from '../../http/operation-contract.ts';
import { EVENT_TYPES } from '../event-contract.ts';

const TAG = 'webhooks';
const READERS = allow(['customer', 'integrator'], 'events:read');
const WRITERS = allow(['customer', 'integrator'], 'events:write');

const url = z
  .string()
  .min(1)
  .max(2_000)
  .meta({
    description: 'An https address on the public internet',
    examples: ['https://example.com/trilock'],
  });
const description = z
  .string()
  .max(200)
  .regex(/^\P{Cc}*$/u, { error: 'must be one line' });
const eventTypes = z
  .array(z.enum(EVENT_TYPES))
  .max(EVENT_TYPES.length)
  .meta({ description: 'Only these types; all when empty' });

const webhookSchema = z
  .object({
    id: idField('webhook'),
    url: z.string(),
    description: z.string(),
    eventTypes: z.array(z.enum(EVENT_TYPES)),
    enabled: z.boolean(),
    disabledReason: z
      .enum(['owner', 'gone', 'failing', 'unapproved'])
      .nullable()
      .meta({ description: '`unapproved`: ask at `/v1/webhooks/{webhookId}/changes`' }),
    failingSince: timeField.nullable().meta({ description: 'Since when nothing has arrived' }),
    createdAt: timeField,
    version: z.number().int(),
  })
  .meta({ id: 'Webhook' });

const webhookWithSecretSchema = z
  .object({
    webhook: webhookSchema,
    secret: z
      .string()
      .nullable()
      .meta({ description: 'Shown once: a repeated request with the same idempotency key gets null' }),
  })
  .meta({ id: 'WebhookWithSecret' });

const deliverySchema = z
  .object({
    id: idField('delivery'),
    eventId: idField('event').meta({ description: 'The `webhook-id` of every attempt' }),
    eventType: z.string(),
    state: z.enum(['pending', 'delivered', 'failed']),
    nextAttemptAt: timeField.nullable(),
    attempts: z
      .array(
        z.object({
          number: z.number().int(),
          startedAt: timeField,
          latencyMs: z.number().int(),
          status: z.number().int().nullable(),
          failure: z.string().nullable(),
          response: z.string().meta({ description: 'The beginning of the answer' }),
        }),
      )
      .meta({ description: 'The newest first, at most 20' }),
    createdAt: timeField,
  })
  .meta({ id: 'WebhookDelivery' });

const params = z.strictObject({ webhookId: idField('webhook') });

export const createWebhook = defineOperation({
  method: 'post',
  path: '/v1/webhooks',
  operationId: 'createWebhook',
  tag: TAG,
  summary: 'Be told of events',
  description:
    'Messages follow the Standard Webhooks specification: a 2xx answer within 15 seconds accepts one, 410 ends ' +
    'the webhook, anything else (redirects too) is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, ' +
    '20 h and 24 h, each a tenth shorter or longer. A webhook at which nothing arrives for five days is ' +
    'disabled, with an event. A message may come twice, with the same `webhook-id`.',
  access: WRITERS,
  body: z.strictObject({ url, description: description.optional(), eventTypes: eventTypes.optional() }),
  responses: { 201: { description: 'Made', body: webhookWithSecretSchema } },
  errors: ['webhook_url_refused', 'webhook_limit_reached'],
  idempotency: 'key',
  examples: { body: { url: 'https://example.com/trilock', eventTypes: ['transfer.completed'] } },
});

export const listWebhooks = defineOperation({
  method: 'get',
  path: '/v1/webhooks',
  operationId: 'listWebhooks',
  tag: TAG,
  summary: 'Your webhooks',
  access: READERS,
  responses: { 200: { description: 'All of them', body: z.object({ items: z.array(webhookSchema) }) } },
  errors: [],
});

export const getWebhook = defineOperation({
  method: 'get',
  path: '/v1/webhooks/{webhookId}',
  operationId: 'getWebhook',
  tag: TAG,
  summary: 'One webhook',
  access: READERS,
  params,
  responses: { 200: { description: 'The webhook', body: webhookSchema } },
  errors: ['webhook_unknown'],
});

export const updateWebhook = defineOperation({
  method: 'patch',
  path: '/v1/webhooks/{webhookId}',
  operationId: 'updateWebhook',
  tag: TAG,
  summary: 'Change, disable or enable a webhook',
  description: 'What happens while it is disabled is not delivered later; read it from `/v1/events`.',
  access: WRITERS,
  params,
  body: z.strictObject({
    url: url.optional(),
    description: description.optional(),
    eventTypes: eventTypes.optional(),
    enabled: z.boolean().optional(),
  }),
  responses: { 200: { description: 'Changed', body: webhookSchema } },
  errors: ['webhook_unknown', 'webhook_url_refused', 'webhook_needs_approval'],
  versioned: true,
  examples: { body: { description: 'Payments', enabled: true } },
});

export const deleteWebhook = defineOperation({
  method: 'delete',
  path: '/v1/webhooks/{webhookId}',
  operationId: 'deleteWebhook',
  tag: TAG,
  summary: 'Delete a webhook and its secret',
  access: WRITERS,
  params,
  responses: { 204: { description: 'Deleted', body: null } },
  errors: ['webhook_unknown'],
});

export const rotateWebhookSecret = defineOperation({
  method: 'post',
  path: '/v1/webhooks/{webhookId}/rotate-secret',
  operationId: 'rotateWebhookSecret',
  tag: TAG,
  summary: 'Get a new secret',
  description: 'For 24 hours messages carry two signatures, under the new secret and the one before.',
  access: WRITERS,
  params,
  responses: { 200: { description: 'The new secret', body: webhookWithSecretSchema } },
  errors: ['webhook_unknown'],
  idempotency: 'key',
});

export const testWebhook = defineOperation({
  method: 'post',
  path: '/v1/webhooks/{webhookId}/test',
  operationId: 'testWebhook',
  tag: TAG,
  summary: 'Send a test event',
  access: WRITERS,
  params,
  responses: {
    202: { description: 'On its way', body: z.object({ eventId: idField('event') }) },
  },
  errors: ['webhook_unknown', 'webhook_disabled'],
  idempotency: 'key',
});

export const listWebhookDeliveries = defineOperation({
  method: 'get',
  path: '/v1/webhooks/{webhookId}/deliveries',
  operationId: 'listWebhookDeliveries',
  tag: TAG,
  summary: 'What was delivered, the newest first',
  access: READERS,
  params,
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(deliverySchema) } },
  errors: ['webhook_unknown', 'cursor_invalid'],
});

export const redeliverWebhook = defineOperation({
  method: 'post',
  path: '/v1/webhooks/{webhookId}/deliveries/{deliveryId}/redeliver',
  operationId: 'redeliverWebhook',
  tag: TAG,
  summary: 'Deliver once more',
  access: WRITERS,
  params: z.strictObject({ webhookId: idField('webhook'), deliveryId: idField('delivery') }),
  responses: { 202: { description: 'On its way', body: deliverySchema } },
  errors: ['webhook_unknown', 'webhook_disabled', 'delivery_unknown', 'delivery_pending'],
  idempotency: { notNeeded: 'receivers know a repeated message by its webhook-id' },
});
