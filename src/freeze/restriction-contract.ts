import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';
import { RESTRICTION_KINDS } from '../intents/restriction-contract.ts';
import { FUNCTIONS, REASON_CODES, RESTRICTION_STATES } from './restriction-kinds-contract.ts';

const TAG = 'restrictions';
const READERS = ['customer', 'compliance', 'officer', 'auditor'] as const;
const MAX_PUBLIC_TEXT = 500;
const MAX_RESTRICTED_TEXT = 2_000;

export const restrictionSchema = z
  .object({
    id: idField('restriction'),
    customer: idField('customer'),
    kind: z.enum(RESTRICTION_KINDS),
    state: z
      .enum(RESTRICTION_STATES)
      .meta({ description: '`freezing` until ledger and signer have acknowledged it; `releasing` likewise' }),
    text: z.string().meta({ description: 'What the customer may read' }),
    openedAt: timeField,
    forStaff: z
      .object({
        reasonCode: z.enum(REASON_CODES),
        restrictedText: z.string(),
        openedBy: z.string(),
        reviewAt: timeField.nullable(),
        releaseIntent: idField('intent').nullable(),
      })
      .nullable()
      .meta({ description: 'Null for the customer' }),
  })
  .meta({ id: 'Restriction' });

const restrictionParams = z.strictObject({ restrictionId: idField('restriction') });

export const openCase = defineOperation({
  method: 'post',
  path: '/v1/restrictions',
  operationId: 'openCase',
  tag: TAG,
  summary: 'Freeze a customer',
  description:
    'Any one member of compliance may. From the answer on the API refuses withdrawals, transfers and new addresses; ' +
    'the restriction is `in_force` when ledger and signer refuse by themselves too. Several cases stand beside each ' +
    'other, and each is lifted on its own.',
  access: allow(['compliance', 'officer']),
  body: z.strictObject({
    customer: idField('customer'),
    reasonCode: z.enum(REASON_CODES),
    text: lineField(MAX_PUBLIC_TEXT).meta({ description: 'What the customer may read' }),
    restrictedText: lineField(MAX_RESTRICTED_TEXT).meta({ description: 'For staff alone' }),
    reviewAt: timeField.meta({ description: 'When somebody looks at it again; it releases nothing' }),
  }),
  responses: { 201: { description: 'The API refuses from now on', body: restrictionSchema } },
  errors: ['customer_unknown'],
  idempotency: 'key',
  examples: {
    body: {
      customer: 'cus_01jd1f0v00e008000000000001',
      reasonCode: 'account_takeover',
      text: 'We stopped payments to protect you; please call us.',
      restrictedText: 'Sign-in from two continents within an hour.',
      reviewAt: '2026-12-01T09:00:00.000Z',
    },
  },
});

export const lockAccount = defineOperation({
  method: 'post',
  path: '/v1/account-lock',
  operationId: 'lockAccount',
  tag: TAG,
  summary: 'Lock your own account',
  description:
    'A session suffices to lock. To unlock it takes the file of your master lock; without one, staff recognise you ' +
    'and others approve it.',
  access: allow(['customer']),
  responses: { 201: { description: 'Nothing leaves from now on', body: restrictionSchema } },
  errors: [],
  idempotency: 'key',
});

export const lockFunction = defineOperation({
  method: 'post',
  path: '/v1/function-locks',
  operationId: 'lockFunction',
  tag: TAG,
  summary: 'Lock one function of your own account',
  description:
    'A session suffices to lock. Like a whole lock, it is lifted by a statement of your master lock, or by staff ' +
    'who recognise you. `api` refuses your API keys, `settings` whatever would change who can act for you.',
  access: allow(['customer']),
  body: z.strictObject({ function: z.enum(FUNCTIONS) }),
  responses: { 201: { description: 'Refused from now on', body: restrictionSchema } },
  errors: [],
  idempotency: 'key',
  examples: { body: { function: 'withdraw' } },
});

export const listRestrictions = defineOperation({
  method: 'get',
  path: '/v1/restrictions',
  operationId: 'listRestrictions',
  tag: TAG,
  summary: 'Restrictions, the newest first, lifted ones too',
  access: allow(READERS),
  query: pageQuery.extend({
    customerId: idField('customer').optional().meta({ description: 'For staff: only this customer’s' }),
  }),
  responses: { 200: { description: 'One page', body: pageOf(restrictionSchema) } },
  errors: ['cursor_invalid'],
});

export const getRestriction = defineOperation({
  method: 'get',
  path: '/v1/restrictions/{restrictionId}',
  operationId: 'getRestriction',
  tag: TAG,
  summary: 'One restriction',
  access: allow(READERS),
  params: restrictionParams,
  responses: { 200: { description: 'The restriction', body: restrictionSchema } },
  errors: ['restriction_unknown'],
});

export const unlockRestriction = defineOperation({
  method: 'post',
  path: '/v1/restrictions/{restrictionId}/unlock',
  operationId: 'unlockRestriction',
  tag: TAG,
  summary: 'Lift a lock of your own by your master lock',
  description:
    'The statement (`purpose: unlock`, `subject` the restriction) is signed with the file of your master lock: a ' +
    'session alone lifts nothing. The signer judges it by the lock that it has pinned, and takes it once; a lock of ' +
    'one’s own is lifted so, a case of staff never. Without a master lock, staff recognise you and others approve.',
  access: allow(['customer']),
  params: restrictionParams,
  body: z.strictObject({
    statement: z.record(z.string(), z.unknown()).describe('What is said.'),
    signature: z.record(z.string(), z.unknown()).describe('By the master lock.'),
  }),
  responses: { 202: { description: 'The signer is asked next', body: restrictionSchema } },
  errors: [
    'restriction_unknown',
    'restriction_step_forbidden',
    'restriction_changed_meanwhile',
    'statement_malformed',
    'statement_unfit',
  ],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        purpose: 'unlock',
        network: 'regtest',
        customer: 'cus_01jd1f0v00e008000000000001',
        credential: 'crd_01jd1f0v00e008000000000001',
        subject: 'rst_01jd1f0v00e008000000000001',
        nonce: '00112233445566778899aabbccddeeff',
        issuedAt: '2026-01-31T12:00:00.000Z',
        expiresAt: '2026-01-31T12:15:00.000Z',
      },
      signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
    },
  },
});

export const requestRelease = defineOperation({
  method: 'post',
  path: '/v1/restrictions/{restrictionId}/release-requests',
  operationId: 'requestRelease',
  tag: TAG,
  summary: 'Ask for a restriction to be lifted',
  description:
    'Whoever imposed it does not ask. The answer is the intent: sign it at `/v1/intents/{intentId}/request`, then ' +
    'others approve it in the queue. The signer counts the approvals itself before it signs for the customer again, ' +
    'and lifting one restriction leaves all others in force.',
  access: allow(['compliance', 'officer']),
  params: restrictionParams,
  body: z.strictObject({ reason: lineField(MAX_PUBLIC_TEXT) }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'ReleaseRequest' }),
    },
  },
  errors: ['restriction_unknown', 'restriction_step_forbidden'],
  idempotency: 'key',
  examples: { body: { reason: 'The customer was recognised in person.' } },
});
