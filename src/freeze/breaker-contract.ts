import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';
import { REASON_CODES, RESTRICTION_STATES } from './restriction-kinds-contract.ts';

const TAG = 'restrictions';
const STAFF = ['compliance', 'officer'] as const;

const breakerSchema = z
  .object({
    id: idField('restriction'),
    state: z.enum(RESTRICTION_STATES),
    trippedBy: z
      .string()
      .meta({ description: 'A member of staff, or `worker` when it has tripped by itself' }),
    trippedAt: timeField,
    reason: z.string(),
    resetIntent: idField('intent').nullable(),
  })
  .meta({ id: 'CircuitBreaker' });

export const tripBreaker = defineOperation({
  method: 'post',
  path: '/v1/circuit-breakers',
  operationId: 'tripBreaker',
  tag: TAG,
  summary: 'Stop everything that flows out',
  description:
    'Withdrawals, transfers and new addresses of every customer are refused from the answer on, and the signer signs ' +
    'nothing. One that has tripped already stays as it is and is the answer. It also trips by itself, when more than ' +
    '`TRILOCK_BREAKER_SATOSHIS` leave within an hour.',
  access: allow(STAFF),
  body: z.strictObject({ reason: lineField(500) }),
  responses: { 201: { description: 'Nothing leaves from now on', body: breakerSchema } },
  errors: [],
  idempotency: 'key',
  examples: { body: { reason: 'Payouts that nobody here knows of.' } },
});

export const listBreakers = defineOperation({
  method: 'get',
  path: '/v1/circuit-breakers',
  operationId: 'listBreakers',
  tag: TAG,
  summary: 'Circuit breakers, the newest first; at most the last hundred',
  access: allow(['compliance', 'officer', 'auditor']),
  responses: { 200: { description: 'The list', body: z.object({ items: z.array(breakerSchema) }) } },
  errors: [],
});

export const requestBreakerReset = defineOperation({
  method: 'post',
  path: '/v1/circuit-breakers/{breakerId}/reset-requests',
  operationId: 'requestBreakerReset',
  tag: TAG,
  summary: 'Ask for the circuit breaker to be reset',
  description:
    'Whoever tripped it does not ask. Sign the intent at `/v1/intents/{intentId}/request`; others approve it, and the ' +
    'signer counts the approvals itself. Approvals of withdrawals from before are void.',
  access: allow(STAFF),
  params: z.strictObject({ breakerId: idField('restriction') }),
  body: z.strictObject({ reason: lineField(500) }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'BreakerReset' }),
    },
  },
  errors: ['breaker_unknown', 'restriction_step_forbidden'],
  idempotency: 'key',
  examples: { body: { reason: 'The payouts were the salaries of a customer.' } },
});

export const freezeMany = defineOperation({
  method: 'post',
  path: '/v1/bulk-freezes',
  operationId: 'freezeMany',
  tag: TAG,
  summary: 'Freeze many customers at once',
  description:
    'Opens a case for each of at most 1,000 customers, by name or by what they have in common; all or none. Each is ' +
    'lifted on its own. To stop everybody, trip the circuit breaker.',
  access: allow(STAFF),
  body: z.strictObject({
    scope: z.union([
      z.strictObject({ customers: z.array(idField('customer')).min(1).max(1_000) }),
      z
        .strictObject({
          createdAfter: timeField.optional(),
          createdBefore: timeField.optional(),
          plan: z.enum(['custodial', 'collaborative', 'self_custody']).optional(),
        })
        .refine((filter) => Object.values(filter).some((value) => value !== undefined), 'an empty filter'),
    ]),
    reasonCode: z.enum(REASON_CODES),
    text: lineField(500).meta({ description: 'What the customers may read' }),
    restrictedText: lineField(2_000).meta({ description: 'For staff alone' }),
    reviewAt: timeField,
  }),
  responses: {
    201: {
      description: 'The API refuses them from now on',
      body: z
        .object({ bulk: idField('restriction'), restrictions: z.array(idField('restriction')) })
        .meta({ id: 'BulkFreeze' }),
    },
  },
  errors: ['customer_unknown', 'bulk_too_large'],
  idempotency: 'key',
  examples: {
    body: {
      scope: { createdAfter: '2126-11-19T00:00:00.000Z' },
      reasonCode: 'suspicious_activity',
      text: 'We look at new accounts; please call us.',
      restrictedText: 'A wave of accounts made by one program.',
      reviewAt: '2026-12-01T09:00:00.000Z',
    },
  },
});
