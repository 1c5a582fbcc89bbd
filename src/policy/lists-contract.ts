import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'policy';
const READERS = ['compliance', 'officer', 'auditor'] as const;
const WRITERS = ['compliance', 'officer'] as const;
const MAX_REASON = 500;
const MAX_REFERENCE = 200;

const listedSchema = z
  .object({
    id: idField('listing'),
    address: z.string(),
    reputation: z.enum(['watched', 'blocked', 'sanctioned']),
    source: z.string().describe('Who says so: `staff`, or the list that was imported'),
    reference: z.string().describe('What it is called there'),
    reason: z.string(),
    enteredBy: z.string(),
    enteredAt: timeField,
    expiresAt: timeField.nullable().describe('Null: until the list that says so drops it'),
  })
  .meta({ id: 'ListedAddress' });

export const listListedAddresses = defineOperation({
  method: 'get',
  path: '/v1/listed-addresses',
  operationId: 'listListedAddresses',
  tag: TAG,
  summary: 'Addresses that nothing should go to, the newest first',
  access: allow(READERS),
  query: pageQuery.extend({
    address: z.string().min(1).max(100).optional().meta({ description: 'Only what is said of this address' }),
  }),
  responses: { 200: { description: 'One page', body: pageOf(listedSchema) } },
  errors: ['cursor_invalid'],
});

export const listAddress = defineOperation({
  method: 'post',
  path: '/v1/listed-addresses',
  operationId: 'listAddress',
  tag: TAG,
  summary: 'Block or watch an address',
  description:
    'It works at once, and ends when it says. It is not lifted before: a policy may name an exception, which people ' +
    'approve. Past payments to the address are reported.',
  access: allow(WRITERS),
  body: z.strictObject({
    address: z.string().min(14).max(100),
    reputation: z.enum(['watched', 'blocked']),
    reference: lineField(MAX_REFERENCE).meta({
      description: 'Where it is known from: a case, a report, a letter',
    }),
    reason: lineField(MAX_REASON),
    expiresAt: timeField,
  }),
  responses: { 201: { description: 'Listed', body: listedSchema } },
  errors: ['destination_invalid', 'listing_invalid'],
  idempotency: 'key',
  examples: {
    body: {
      address: 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry',
      reputation: 'blocked',
      reference: 'Report 2026-117',
      reason: 'Named by three customers as the payee of a fraud.',
      expiresAt: '2027-06-01T00:00:00.000Z',
    },
  },
});

const riskSchema = z
  .object({
    customer: idField('customer'),
    score: z.int(),
    reason: z.string(),
    judgedBy: z.string(),
    judgedAt: timeField,
  })
  .meta({ id: 'RiskScore' });

export const judgeRisk = defineOperation({
  method: 'post',
  path: '/v1/customers/{customerId}/risk-score',
  operationId: 'judgeRisk',
  tag: TAG,
  summary: 'Say how risky a customer is',
  description:
    '0 for no risk, 100 for the highest, which also counts while nobody has judged. The newest counts.',
  access: allow(['compliance']),
  params: z.strictObject({ customerId: idField('customer') }),
  body: z.strictObject({ score: z.int().min(0).max(100), reason: lineField(MAX_REASON) }),
  responses: { 201: { description: 'Noted', body: riskSchema } },
  errors: ['customer_unknown'],
  idempotency: 'key',
  examples: { body: { score: 20, reason: 'Known for five years; papers renewed in May.' } },
});

export const listRiskScores = defineOperation({
  method: 'get',
  path: '/v1/customers/{customerId}/risk-score',
  operationId: 'listRiskScores',
  tag: TAG,
  summary: 'How a customer was judged, the newest first',
  access: allow(READERS),
  params: z.strictObject({ customerId: idField('customer') }),
  responses: { 200: { description: 'At most a hundred', body: z.object({ items: z.array(riskSchema) }) } },
  errors: [],
});
