import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { requestSignatureSchema } from '../intents/approval-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'webhooks';
const OWNER = allow(['customer']);

const changeSchema = z
  .object({
    intent: intentSchema,
    hash: z.string().meta({ description: 'What you sign; compare it with what your own program computes' }),
    state: z.enum(['draft', 'open', 'approved', 'executed', 'rejected', 'cancelled', 'expired']),
    expiresAt: timeField,
    reason: z.string().nullable().meta({ description: 'Why it was rejected or cancelled' }),
  })
  .meta({ id: 'WebhookChange' });

const params = z.strictObject({ intentId: idField('intent') });

export const requestWebhookChange = defineOperation({
  method: 'post',
  path: '/v1/webhooks/{webhookId}/changes',
  operationId: 'requestWebhookChange',
  tag: TAG,
  summary: 'Ask for an endpoint to be moved or switched on',
  description:
    'Where the institution asks for approval of that: sign the intent with a key of yours that the signer has pinned, ' +
    'and others approve it, by the manifest’s rule for `webhook_change`.',
  access: OWNER,
  params: z.strictObject({ webhookId: idField('webhook') }),
  body: z.strictObject({
    url: z
      .string()
      .min(1)
      .max(2_000)
      .meta({ examples: ['https://example.com/trilock'] }),
    reason: lineField(200),
  }),
  responses: { 201: { description: 'Waits for your signature', body: changeSchema } },
  errors: ['webhook_unknown', 'webhook_url_refused', 'webhook_change_empty'],
  idempotency: 'key',
  examples: { body: { url: 'https://example.com/trilock', reason: 'A new server.' } },
});

export const getWebhookChange = defineOperation({
  method: 'get',
  path: '/v1/webhook-changes/{intentId}',
  operationId: 'getWebhookChange',
  tag: TAG,
  summary: 'What became of it',
  access: OWNER,
  params,
  responses: { 200: { description: 'The change', body: changeSchema } },
  errors: ['queued_intent_unknown', 'queued_intent_damaged'],
});

export const signWebhookChange = defineOperation({
  method: 'post',
  path: '/v1/webhook-changes/{intentId}/request-signature',
  operationId: 'signWebhookChange',
  tag: TAG,
  summary: 'Sign what you ask for',
  description: 'The statement and what is signed are those of a withdrawal’s `request-signature`.',
  access: OWNER,
  params,
  body: requestSignatureSchema,
  responses: { 200: { description: 'Waits for approvals', body: changeSchema } },
  errors: [
    'queued_intent_unknown',
    'queued_intent_settled',
    'queued_intent_damaged',
    'approval_for_another_intent',
    'approval_out_of_time',
    'request_not_signed_by_customer',
    'signature_wrong',
    'signature_malformed',
    'approval_passkey_cloned',
    'intent_expired',
  ],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        purpose: 'request',
        intentHash: '5f'.repeat(32),
        credential: 'crd_01jd1f0v00e008000000000001',
        signedAt: '2026-06-01T12:00:00.000Z',
      },
      signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
    },
  },
});

export const cancelWebhookChange = defineOperation({
  method: 'post',
  path: '/v1/webhook-changes/{intentId}/cancel',
  operationId: 'cancelWebhookChange',
  tag: TAG,
  summary: 'Take it back',
  access: OWNER,
  params,
  responses: { 200: { description: 'Cancelled', body: changeSchema } },
  errors: ['queued_intent_unknown', 'queued_intent_settled', 'queued_intent_damaged'],
  idempotency: 'key',
});
