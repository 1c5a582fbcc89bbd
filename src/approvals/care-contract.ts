import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { queuedIntentDetailSchema } from './approval-contract.ts';

const TAG = 'approvals';
const STAFF = allow(['compliance', 'officer']);
const intentParams = z.strictObject({ intentId: idField('intent') });

export const claimIntent = defineOperation({
  method: 'put',
  path: '/v1/intents/{intentId}/claim',
  operationId: 'claimIntent',
  tag: TAG,
  summary: 'Say that you look after an intent',
  description:
    'So that two do not read the same. It decides nothing: everybody may still judge. It ends after 4 hours.',
  access: STAFF,
  params: intentParams,
  body: z.strictObject({
    takeOverFrom: idField('staff')
      .nullable()
      .describe('Whoever has claimed it; null to claim what nobody has'),
  }),
  responses: { 200: { description: 'Claimed', body: queuedIntentDetailSchema } },
  errors: [
    'queued_intent_unknown',
    'queued_intent_settled',
    'queued_intent_claimed',
    'queued_intent_damaged',
  ],
  examples: { body: { takeOverFrom: 'stf_01jd1f0v00e008000000000001' } },
});

export const unclaimIntent = defineOperation({
  method: 'delete',
  path: '/v1/intents/{intentId}/claim',
  operationId: 'unclaimIntent',
  tag: TAG,
  summary: 'Leave an intent to others',
  access: STAFF,
  params: intentParams,
  responses: { 200: { description: 'Not claimed by you', body: queuedIntentDetailSchema } },
  errors: ['queued_intent_unknown', 'queued_intent_damaged'],
});

export const commentIntent = defineOperation({
  method: 'post',
  path: '/v1/intents/{intentId}/comments',
  operationId: 'commentIntent',
  tag: TAG,
  summary: 'Note something about an intent, for staff',
  access: STAFF,
  params: intentParams,
  body: z.strictObject({ text: lineField(1_000) }),
  responses: { 200: { description: 'Noted', body: queuedIntentDetailSchema } },
  errors: ['queued_intent_unknown', 'queued_intent_damaged'],
  idempotency: 'key',
  examples: { body: { text: 'Called the customer on the known number.' } },
});

export const cancelIntent = defineOperation({
  method: 'post',
  path: '/v1/intents/{intentId}/cancel',
  operationId: 'cancelIntent',
  tag: TAG,
  summary: 'Take back what you asked for',
  description:
    'At any time before it is carried out, approved or not. What a customer asked for, the customer takes back.',
  access: STAFF,
  params: intentParams,
  body: z.strictObject({ reason: lineField(500) }),
  responses: { 200: { description: 'It will not be carried out', body: queuedIntentDetailSchema } },
  errors: [
    'queued_intent_unknown',
    'queued_intent_settled',
    'queued_intent_damaged',
    'queued_intent_of_another',
  ],
  idempotency: 'key',
  examples: { body: { reason: 'asked for the wrong restriction' } },
});
