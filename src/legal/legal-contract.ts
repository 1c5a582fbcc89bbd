import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'legal orders';
const STAFF = ['compliance', 'officer'] as const;

const legalHoldSchema = z
  .object({
    id: idField('legalHold'),
    customer: idField('customer'),
    balance: z.enum(['vault', 'spending']),
    wallet: idField('wallet').meta({ description: 'The vault, or the treasury behind spending balances' }),
    satoshis: satoshisField,
    heldSatoshis: satoshisField.meta({ description: 'How much of it the ledger has held' }),
    reference: z.string(),
    authority: z.string(),
    reason: z.string(),
    imposedBy: idField('staff'),
    imposedAt: timeField,
    state: z
      .enum(['holding', 'held', 'lifting', 'lifted'])
      .meta({ description: '`holding` until the ledger has all of it; `lifting` until it has let it go' }),
    liftIntent: idField('intent').nullable(),
  })
  .meta({ id: 'LegalHold' });

export const imposeLegalHold = defineOperation({
  method: 'post',
  path: '/v1/legal-holds',
  operationId: 'imposeLegalHold',
  tag: TAG,
  summary: 'Hold a part of a balance by legal order',
  description:
    'Any one member of compliance may. The ledger holds as much as the balance has within moments, and the rest as it ' +
    'comes in; the customer goes on using what is beyond the order, and is not told.',
  access: allow(STAFF),
  body: z.strictObject({
    customer: idField('customer'),
    vault: idField('wallet')
      .optional()
      .meta({ description: 'Which vault; the spending balance unless told' }),
    satoshis: satoshisField,
    reference: lineField(200).meta({ description: 'How the authority names its order' }),
    authority: lineField(200),
    reason: lineField(2_000),
  }),
  responses: { 201: { description: 'It is being held', body: legalHoldSchema } },
  errors: ['legal_hold_empty', 'legal_hold_balance_unknown'],
  idempotency: 'key',
  examples: {
    body: {
      customer: 'cus_01jd1f0v00e008000000000001',
      vault: 'wal_01jd1f0v00e008000000000001',
      satoshis: '500000',
      reference: '12 K 34/26',
      authority: 'Amtsgericht Köln',
      reason: 'Attachment for a debt.',
    },
  },
});

export const listLegalHolds = defineOperation({
  method: 'get',
  path: '/v1/legal-holds',
  operationId: 'listLegalHolds',
  tag: TAG,
  summary: 'Legal orders, the newest first, lifted ones too',
  access: allow([...STAFF, 'auditor']),
  query: pageQuery.extend({ customerId: idField('customer').optional() }),
  responses: { 200: { description: 'One page', body: pageOf(legalHoldSchema) } },
  errors: ['cursor_invalid'],
});

export const requestLegalHoldLift = defineOperation({
  method: 'post',
  path: '/v1/legal-holds/{legalHoldId}/lift-requests',
  operationId: 'requestLegalHoldLift',
  tag: TAG,
  summary: 'Ask for a legal order to be lifted',
  description:
    'Whoever entered it does not ask. The answer is the intent: sign it at `/v1/intents/{intentId}/request`, then ' +
    'others approve it in the queue, by the manifest’s rule for `legal_hold_lift`.',
  access: allow(STAFF),
  params: z.strictObject({ legalHoldId: idField('legalHold') }),
  body: z.strictObject({ reason: lineField(200) }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'LegalHoldLiftRequest' }),
    },
  },
  errors: ['legal_hold_unknown', 'legal_hold_step_forbidden'],
  idempotency: 'key',
  examples: { body: { reason: 'The court has set the order aside.' } },
});
