import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'transfers';
export const MAX_MEMO_LENGTH = 140;

export const transferSchema = z
  .object({
    id: idField('transfer'),
    direction: z.enum(['sent', 'received']),
    counterparty: idField('customer').meta({ description: 'Who was paid, or who paid' }),
    amountSats: satoshisField,
    memo: z.string().nullable(),
    completedAt: timeField.meta({ description: 'When the ledger committed it' }),
  })
  .meta({ id: 'Transfer' });

export const createTransfer = defineOperation({
  method: 'post',
  path: '/v1/transfers',
  operationId: 'createTransfer',
  tag: TAG,
  summary: 'Pay another customer at once',
  description:
    'Moves satoshis from your spending balance to that of another customer, whose id they gave you. The answer ' +
    'comes after the ledger has committed it, and is final. After a lost connection, send the same request with ' +
    'the same key: it pays once and answers the same.',
  access: allow(['customer'], 'transfers:write'),
  body: z.strictObject({
    recipient: idField('customer'),
    amountSats: satoshisField,
    memo: lineField(MAX_MEMO_LENGTH).optional().meta({ description: 'Shown to both sides' }),
  }),
  responses: { 201: { description: 'Paid', body: transferSchema } },
  errors: [
    'account_restricted',
    'breaker_tripped',
    'insufficient_funds',
    'transfer_amount_zero',
    'transfer_not_booked',
    'transfer_recipient_closed',
    'transfer_recipient_unknown',
    'transfer_refused',
    'transfer_sender_closed',
    'transfer_sender_frozen',
    'transfer_to_self',
    'ledger_unreachable',
    'ledger_overloaded',
  ],
  idempotency: 'key',
  examples: {
    body: {
      recipient: 'cus_01jd1f0v00e008000000000001',
      amountSats: '150000',
      memo: 'Thanks for lunch',
    },
  },
});

export const getTransfer = defineOperation({
  method: 'get',
  path: '/v1/transfers/{transferId}',
  operationId: 'getTransfer',
  tag: TAG,
  summary: 'One transfer that you sent or received',
  access: allow(['customer'], 'transfers:read'),
  params: z.strictObject({ transferId: idField('transfer') }),
  responses: { 200: { description: 'The transfer', body: transferSchema } },
  errors: ['transfer_unknown', 'ledger_unreachable'],
});

export const listTransfers = defineOperation({
  method: 'get',
  path: '/v1/transfers',
  operationId: 'listTransfers',
  tag: TAG,
  summary: 'Your transfers, the newest first',
  description: 'A page may hold fewer than `limit` though more follow: `nextCursor` alone tells.',
  access: allow(['customer'], 'transfers:read'),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(transferSchema) } },
  errors: ['cursor_invalid', 'ledger_unreachable'],
});
