import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'master locks';
const EXAMPLE_CUSTOMER = 'cus_01jd1f0v00e008000000000001';
const EXAMPLE_LOCK = 'crd_01jd1f0v00e008000000000001';
const EXAMPLE_NEW_LOCK = 'crd_01jd1f0v00e008000000000002';

/** From the officers' approval on. `waiting` lasts 14 days by the signer's clock. */
export const RECOVERY_STATES = [
  'approved',
  'waiting',
  'completed',
  'cancelled',
  'superseded',
  'refused',
] as const;
export type RecoveryState = (typeof RECOVERY_STATES)[number];

const recoverySchema = z
  .object({
    intent: idField('intent'),
    hash: z.string().meta({ description: 'Of the intent: the `subject` of a statement that objects' }),
    customer: idField('customer'),
    lost: idField('credential').meta({ description: 'The lock whose file is lost' }),
    lock: idField('credential').meta({ description: 'The lock that takes its place' }),
    state: z.enum(RECOVERY_STATES),
    approvedAt: timeField,
    startedAt: timeField.nullable().meta({ description: 'By the signer’s clock' }),
    readyAt: timeField.nullable().meta({ description: '14 days later; nobody shortens it' }),
    endedAt: timeField.nullable(),
    objected: z.boolean().meta({ description: 'Whether the customer’s objection is with the signer' }),
    obstacle: z.string().nullable(),
  })
  .meta({ id: 'LockRecovery' });

export const requestLockRecovery = defineOperation({
  method: 'post',
  path: '/v1/master-lock-recoveries',
  operationId: 'requestLockRecovery',
  tag: TAG,
  summary: 'Ask for the way back to a lost master lock',
  description:
    'For staff who have recognised the customer. The registration is of the new lock, whose file the customer has ' +
    'made; it names the lost one in `replaces`. The answer is the intent: sign it at `/v1/intents/{intentId}/request`; ' +
    'the officers’ quorum then approves it. The signer checks all of it, and 14 days by its own clock later the new ' +
    'lock takes the lost one’s place, unless the customer objects.',
  access: allow(['compliance', 'officer']),
  body: z.strictObject({
    registration: z.record(z.string(), z.unknown()).describe('Of the new lock (`purpose: master lock`).'),
    identification: z.strictObject({
      method: lineField(200).meta({ description: 'How the customer was recognised' }),
      reference: lineField(200).meta({ description: 'Where the record of it is kept' }),
      checkedAt: timeField,
    }),
  }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'LockRecoveryRequest' }),
    },
  },
  errors: [
    'master_lock_malformed',
    'master_lock_not_in_place',
    'master_lock_key_differs',
    'lock_recovery_under_way',
    'intent_wrong_network',
    'signature_wrong',
    'signature_malformed',
    'signature_key_refused',
  ],
  idempotency: 'key',
  examples: {
    body: {
      registration: {
        statement: {
          purpose: 'master lock',
          network: 'regtest',
          customer: EXAMPLE_CUSTOMER,
          id: EXAMPLE_NEW_LOCK,
          signing: 'MIICIjANBg',
          decryption: 'MIICIjANBh',
          replaces: EXAMPLE_LOCK,
          signedAt: '2026-01-31T12:00:00.000Z',
        },
        possession: { signing: 'c2lnbmF0dXJl', decryption: 'c2lnbmF0dXJl' },
        previous: null,
      },
      identification: {
        method: 'Passport at the counter, video kept',
        reference: 'Case 2026-0117',
        checkedAt: '2026-01-31T11:30:00.000Z',
      },
    },
  },
});

export const listLockRecoveries = defineOperation({
  method: 'get',
  path: '/v1/master-lock-recoveries',
  operationId: 'listLockRecoveries',
  tag: TAG,
  summary: 'Ways back to lost master locks that officers approved, the newest first',
  description: 'A customer sees their own; staff those that wait, or those of one customer.',
  access: allow(['customer', 'compliance', 'officer', 'auditor']),
  query: z.strictObject({
    customerId: idField('customer').optional().meta({ description: 'For staff: only this customer’s' }),
  }),
  responses: {
    200: {
      description: 'At most 200',
      body: z.object({ items: z.array(recoverySchema) }).meta({ id: 'LockRecoveries' }),
    },
  },
  errors: [],
});

export const cancelLockRecovery = defineOperation({
  method: 'post',
  path: '/v1/master-lock-recoveries/{intentId}/cancellation',
  operationId: 'cancelLockRecovery',
  tag: TAG,
  summary: 'Object to the way back to your master lock',
  description:
    'When it was not you who asked, or the file has turned up. The statement (`purpose: cancel recovery`, `subject` ' +
    'the hash of the intent) is signed with any of your credentials, the lock that was called lost too.',
  access: allow(['customer']),
  params: z.strictObject({ intentId: idField('intent') }),
  body: z.strictObject({
    statement: z.record(z.string(), z.unknown()).describe('What is said.'),
    signature: z.record(z.string(), z.unknown()).describe('By the credential that it names.'),
  }),
  responses: { 202: { description: 'The signer is told next', body: recoverySchema } },
  errors: [
    'lock_recovery_not_found',
    'lock_recovery_ended',
    'statement_malformed',
    'statement_for_another_purpose',
    'statement_out_of_time',
    'request_not_signed_by_customer',
    'signature_wrong',
    'signature_malformed',
  ],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        purpose: 'cancel recovery',
        network: 'regtest',
        customer: EXAMPLE_CUSTOMER,
        credential: EXAMPLE_LOCK,
        subject: '1b'.repeat(32),
        nonce: '00112233445566778899aabbccddeeff',
        issuedAt: '2026-01-31T12:00:00.000Z',
        expiresAt: '2026-01-31T12:15:00.000Z',
      },
      signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
    },
  },
});
