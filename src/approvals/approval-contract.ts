import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { approvalSchema, requestSignatureSchema } from '../intents/approval-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'approvals';
const READERS = ['compliance', 'officer', 'auditor'] as const;

const stateField = z
  .enum(['draft', 'open', 'approved', 'executed', 'rejected', 'cancelled', 'expired'])
  .meta({ description: '`open` waits for approvals; `executed` cannot be taken back any more' });

const queuedIntentSchema = z
  .object({
    id: idField('intent'),
    kind: z.string(),
    hash: z
      .string()
      .describe('What is approved: 32 bytes, hex. Compare it with what your own program computes.'),
    state: stateField,
    createdAt: timeField,
    expiresAt: timeField,
    explanation: z.array(z.string()).describe('The intent in plain words, a sentence each'),
  })
  .meta({ id: 'QueuedIntent' });

const neededSchema = z.object({
  approvals: z.int(),
  localApprovals: z.int().describe('How many of them with a key file, by `trilock approve`'),
  roles: z.array(z.string()),
});

export const queuedIntentDetailSchema = queuedIntentSchema
  .extend({
    intent: intentSchema,
    request: requestSignatureSchema.nullable(),
    approvals: z.array(approvalSchema),
    needed: z
      .array(neededSchema)
      .describe('Each must be met, the manifest’s own first; empty when it is denied whoever approves'),
    policy: z.object({
      denied: z.boolean(),
      because: z.array(z.string()).describe('Which rules of the policy decide, and why'),
    }),
    reason: z.string().nullable(),
    claim: z
      .object({ by: idField('staff'), at: timeField })
      .nullable()
      .describe('Who looks after it; everybody may still judge'),
    comments: z.array(z.object({ by: idField('staff'), at: timeField, text: z.string() })),
    escalatedAt: timeField.nullable().describe('When a further role was told that nobody looks after it'),
  })
  .meta({ id: 'QueuedIntentDetail' });

export const listIntents = defineOperation({
  method: 'get',
  path: '/v1/intents',
  operationId: 'listIntents',
  tag: TAG,
  summary: 'The approval queue, oldest first',
  access: allow(READERS),
  query: pageQuery.extend({ state: stateField.optional().describe('`open` unless told') }),
  responses: { 200: { description: 'One page', body: pageOf(queuedIntentSchema) } },
  errors: ['cursor_invalid', 'queued_intent_damaged'],
});

export const getIntent = defineOperation({
  method: 'get',
  path: '/v1/intents/{intentId}',
  operationId: 'getIntent',
  tag: TAG,
  summary: 'One intent with everything that was said about it',
  access: allow(READERS),
  params: z.strictObject({ intentId: idField('intent') }),
  responses: { 200: { description: 'The intent', body: queuedIntentDetailSchema } },
  errors: ['queued_intent_unknown', 'queued_intent_damaged'],
});

const EXAMPLE_HASH = '5f'.repeat(32);

export const signIntent = defineOperation({
  method: 'post',
  path: '/v1/intents/{intentId}/request',
  operationId: 'signIntent',
  tag: TAG,
  summary: 'Sign what you ask for',
  description:
    'For intents of staff: the statement is signed with the key that the manifest names for you. Nobody can approve ' +
    'before, and you cannot approve it yourself.',
  access: allow(['compliance', 'officer']),
  params: z.strictObject({ intentId: idField('intent') }),
  body: requestSignatureSchema,
  responses: { 200: { description: 'Waits for approvals', body: queuedIntentDetailSchema } },
  errors: [
    'queued_intent_unknown',
    'queued_intent_settled',
    'queued_intent_damaged',
    'queued_intent_of_another',
    'approval_for_another_intent',
    'approval_out_of_time',
    'request_not_signed_by_customer',
    'signature_wrong',
    'signature_malformed',
    'approval_passkey_cloned',
    'intent_expired',
  ],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        purpose: 'request',
        intentHash: EXAMPLE_HASH,
        credential: 'stf_01jd1f0v00e008000000000001',
        signedAt: '2026-06-01T12:00:00.000Z',
      },
      signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
    },
  },
});

export const judgeIntent = defineOperation({
  method: 'post',
  path: '/v1/intents/{intentId}/approvals',
  operationId: 'judgeIntent',
  tag: TAG,
  summary: 'Approve or reject, with a signature',
  description:
    'The body is a statement signed with the key that the manifest names for you: a passkey, or a key file by ' +
    '`trilock approve`, which computes the hash itself. `decision` says which; a rejection says why. It is checked ' +
    'here and again by the signer, against the manifest and not against this database.',
  access: allow(['compliance', 'officer']),
  params: z.strictObject({ intentId: idField('intent') }),
  body: approvalSchema,
  responses: { 200: { description: 'Taken', body: queuedIntentDetailSchema } },
  errors: [
    'queued_intent_unknown',
    'queued_intent_settled',
    'queued_intent_not_signed',
    'queued_intent_damaged',
    'approval_already_given',
    'approval_of_another',
    'approval_passkey_cloned',
    'approval_denied_by_policy',
    'approval_for_another_intent',
    'approver_unknown',
    'approver_is_requester',
    'approval_out_of_time',
    'approval_malformed',
    'delegation_refused',
    'signature_wrong',
    'signature_malformed',
    'limit_exceeded',
    'kind_not_allowed',
    'manifest_expired',
  ],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        purpose: 'approval',
        intentHash: EXAMPLE_HASH,
        decision: 'approve',
        approver: 'stf_01jd1f0v00e008000000000001',
        signedAt: '2026-06-01T12:00:00.000Z',
      },
      signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
    },
  },
});
