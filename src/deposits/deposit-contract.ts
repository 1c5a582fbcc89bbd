import { z } from 'zod';
import { allow, STAFF_ROLES } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { depositReleaseIntentSchema } from '../intents/intent-contract.ts';

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
    quarantine: z
      .enum(['dust', 'address_not_given', 'change_branch', 'account_closed', 'review'])
      .nullable()
      .describe('Why it is, or will be, kept apart; null when it is not.'),
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

export const quarantineDeposit = defineOperation({
  method: 'post',
  path: '/v1/deposits/{depositId}/quarantine',
  operationId: 'quarantineDeposit',
  tag: TAG,
  summary: 'Set a deposit aside before it is credited',
  description:
    'With its confirmations it goes to suspense in place of its owner’s balance. The reason is written to the audit ' +
    'log and shown to nobody else. A deposit that is credited already cannot be set aside.',
  access: allow(['compliance']),
  params: z.strictObject({ depositId: idField('deposit') }),
  body: z.strictObject({ reason: lineField(500) }),
  responses: { 200: { description: 'It is, or will be, quarantined', body: depositSchema } },
  errors: ['deposit_unknown', 'deposit_step_forbidden', 'deposit_changed_meanwhile'],
  idempotency: 'key',
  examples: { body: { reason: 'The sender is on a sanctions list.' } },
});

const releaseSchema = z
  .object({
    state: z.enum(['draft', 'open', 'approved', 'executed', 'rejected', 'cancelled', 'expired']),
    hash: z.string().describe('What is signed and approved: 32 bytes, hex'),
    intent: depositReleaseIntentSchema,
  })
  .meta({ id: 'DepositRelease' });

export const requestDepositRelease = defineOperation({
  method: 'post',
  path: '/v1/deposits/{depositId}/release',
  operationId: 'requestDepositRelease',
  tag: TAG,
  summary: 'Ask for a quarantined deposit to be credited',
  description:
    'Whoever asks signs the intent next at `/v1/intents/{intentId}/request`, others approve it in the queue, and the ' +
    'worker credits the deposit. What came ' +
    'to an address that nobody was given needs `customerId`.',
  access: allow(['compliance']),
  params: z.strictObject({ depositId: idField('deposit') }),
  body: z.strictObject({ reason: lineField(500), customerId: idField('customer').optional() }),
  responses: { 202: { description: 'Written down; it waits for the signature', body: releaseSchema } },
  errors: ['deposit_unknown', 'deposit_step_forbidden'],
  idempotency: 'key',
  examples: { body: { reason: 'The sender has shown where the money is from.' } },
});
