import { z } from 'zod';
import { allow, STAFF_ROLES } from '../http/access-contract.ts';
import { idField, pageOf, pageQuery, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'deposits';
const READERS = allow(['customer', ...STAFF_ROLES], 'deposits:read');

const depositSchema = z
  .object({
    id: idField('deposit'),
    state: z
      .enum(['detected', 'confirming', 'credited', 'quarantined', 'dropped', 'reversed'])
      .describe(
        'detected, confirming: pending. credited: in the balance. quarantined: kept apart. dropped: left the chain ' +
          'before it was credited. reversed: left it afterwards, and was taken back.',
      ),
    balance: z.enum(['vault', 'spending']),
    customerId: idField('customer').nullable(),
    walletId: idField('wallet'),
    addressId: idField('address'),
    address: z.string(),
    txid: z.string(),
    vout: z.int(),
    amountSats: satoshisField,
    block: z
      .object({ height: z.int(), hash: z.string() })
      .nullable()
      .describe('The block that has it now; null when none does.'),
    confirmations: z.int(),
    confirmationsNeeded: z
      .int()
      .nullable()
      .describe('More for larger amounts; all deposits of one block count together.'),
    quarantine: z.enum(['dust', 'address_not_given', 'change_branch']).nullable(),
    detectedAt: timeField,
    creditedAt: timeField.nullable(),
  })
  .meta({ id: 'Deposit' });

export const listDeposits = defineOperation({
  method: 'get',
  path: '/v1/deposits',
  operationId: 'listDeposits',
  tag: TAG,
  summary: 'List deposits, newest first',
  description:
    'A deposit is listed from its first block on; what only waits in the memory pool is not. A customer sees their ' +
    'own; staff sees all.',
  access: READERS,
  query: pageQuery.extend({
    walletId: idField('wallet').optional().describe('Only to this wallet.'),
    customerId: idField('customer').optional().describe('For staff: only those of this customer.'),
    state: depositSchema.shape.state.optional(),
  }),
  responses: { 200: { description: 'A page of them', body: pageOf(depositSchema) } },
  errors: [],
});

export const getDeposit = defineOperation({
  method: 'get',
  path: '/v1/deposits/{depositId}',
  operationId: 'getDeposit',
  tag: TAG,
  summary: 'Read a deposit',
  access: READERS,
  params: z.strictObject({ depositId: idField('deposit') }),
  responses: { 200: { description: 'The deposit', body: depositSchema } },
  errors: ['deposit_unknown'],
});
