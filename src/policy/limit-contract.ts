import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'policy';
const STAFF = ['compliance', 'officer'] as const;
const CUSTOMER = 'cus_01jd1f0v00e008000000000001';

const raiseSchema = z
  .object({
    intent: idField('intent'),
    customer: idField('customer'),
    rule: z.string(),
    satoshis: z.string().meta({ description: 'Up to and including this the rule does not count' }),
    until: timeField,
    raisedAt: timeField,
    revokedAt: timeField.nullable(),
  })
  .meta({ id: 'LimitRaise' });

export const requestLimitRaise = defineOperation({
  method: 'post',
  path: '/v1/limit-raises',
  operationId: 'requestLimitRaise',
  tag: TAG,
  summary: 'Ask for a customer’s limit to be raised for a time',
  description:
    'Names a rule of the policy that limits amounts of one withdrawal or of the customer’s within a window: up to ' +
    '`satoshis` it does not count for this customer until then, 90 days at most; all other rules do. The answer is ' +
    'the intent: sign it at `/v1/intents/{intentId}/request`, then others approve it in the queue, by the manifest’s ' +
    'rule for `limit_raise`. The customer is told.',
  access: allow(STAFF),
  body: z.strictObject({
    customer: idField('customer'),
    rule: lineField(40),
    satoshis: satoshisField,
    until: timeField,
    reason: lineField(200),
  }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'LimitRaiseRequest' }),
    },
  },
  errors: ['limit_rule_unknown', 'limit_raise_invalid', 'limit_raise_own'],
  idempotency: 'key',
  examples: {
    body: {
      customer: CUSTOMER,
      rule: 'daily',
      satoshis: '500000000',
      until: '2026-02-26T12:00:00.000Z',
      reason: 'Buys a house.',
    },
  },
});

export const listLimitRaises = defineOperation({
  method: 'get',
  path: '/v1/limit-raises',
  operationId: 'listLimitRaises',
  tag: TAG,
  summary: 'Raised limits of a customer, the newest first, those that are over too',
  access: allow([...STAFF, 'auditor']),
  query: z.strictObject({ customerId: idField('customer') }),
  responses: {
    200: { description: 'At most a hundred', body: z.object({ items: z.array(raiseSchema) }) },
  },
  errors: ['queued_intent_damaged'],
});

export const revokeLimitRaise = defineOperation({
  method: 'post',
  path: '/v1/limit-raises/{intentId}/revocations',
  operationId: 'revokeLimitRaise',
  tag: TAG,
  summary: 'End a raise at once',
  description: 'Any one of compliance or the officers may.',
  access: allow(STAFF),
  params: z.strictObject({ intentId: idField('intent') }),
  body: z.strictObject({ reason: lineField(200) }),
  responses: { 200: { description: 'The rule counts as before', body: raiseSchema } },
  errors: ['limit_raise_unknown', 'queued_intent_damaged'],
  idempotency: 'key',
  examples: { body: { reason: 'The purchase fell through.' } },
});
