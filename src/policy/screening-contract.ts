import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'policy';
const MAX_REASON = 500;

const hitSchema = z
  .object({
    id: idField('screeningHit'),
    kind: z
      .enum(['paid_to', 'received_from', 'own_address'])
      .describe('Whether the payment went to the address, came from it, or the address is one of ours'),
    address: z.string(),
    listing: idField('listing'),
    reputation: z.string(),
    source: z.string().describe('Who lists it'),
    reference: z.string().describe('What it is called there'),
    subject: z.union([idField('intent'), idField('deposit')]),
    customer: idField('customer').nullable(),
    outcome: z.string().describe('What became of it at once'),
    foundAt: timeField,
    settledAt: timeField.nullable(),
    settledBy: z.string().nullable(),
    settledReason: z.string().nullable(),
  })
  .meta({ id: 'ScreeningHit' });

export const listScreeningHits = defineOperation({
  method: 'get',
  path: '/v1/screening-hits',
  operationId: 'listScreeningHits',
  tag: TAG,
  summary: 'Payments to or from addresses that were listed after them, the newest first',
  description: 'Staff alone see them; the customer in question is told nothing.',
  access: allow(['compliance', 'officer', 'auditor']),
  query: pageQuery.extend({
    state: z
      .enum(['open', 'settled'])
      .optional()
      .meta({ description: 'Only those that nobody, or that somebody, has looked at' }),
    customer: idField('customer').optional().meta({ description: 'Only those of one customer' }),
  }),
  responses: { 200: { description: 'One page', body: pageOf(hitSchema) } },
  errors: ['cursor_invalid'],
});

export const settleScreeningHit = defineOperation({
  method: 'post',
  path: '/v1/screening-hits/{hitId}/settlement',
  operationId: 'settleScreeningHit',
  tag: TAG,
  summary: 'Say what was found out about a hit',
  description: 'Once and for all, in the audit log. It moves no money and lifts nothing.',
  access: allow(['compliance', 'officer']),
  params: z.strictObject({ hitId: idField('screeningHit') }),
  body: z.strictObject({ reason: lineField(MAX_REASON) }),
  responses: { 201: { description: 'Settled', body: hitSchema } },
  errors: ['screening_hit_unknown', 'screening_hit_settled'],
  idempotency: 'key',
  examples: { body: { reason: 'Case opened; reported to the authority on 3 June.' } },
});
