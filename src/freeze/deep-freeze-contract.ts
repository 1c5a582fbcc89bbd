import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';
import { customerStatementSchema } from '../intents/master-lock-contract.ts';
import { restrictionSchema } from './restriction-contract.ts';

const TAG = 'restrictions';

export const deepFreezeAccount = defineOperation({
  method: 'post',
  path: '/v1/deep-freezes',
  operationId: 'deepFreezeAccount',
  tag: TAG,
  summary: 'Freeze your own account deeply',
  description:
    'By a statement of your master lock, for `deep freeze`, about your own customer id. The signer erases our keys of ' +
    'your wallets: nobody can sign with them until officers bring them back from their offline wrap, with another ' +
    'statement of your lock, their quorum, and three days.',
  access: allow(['customer']),
  body: z.strictObject({ statement: customerStatementSchema }),
  responses: { 201: { description: 'Nothing leaves from now on', body: restrictionSchema } },
  errors: ['statement_unfit'],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        statement: {
          purpose: 'deep freeze',
          network: 'regtest',
          customer: 'cus_01jd1f0v00e008000000000001',
          credential: 'crd_01jd1f0v00e008000000000001',
          subject: 'cus_01jd1f0v00e008000000000001',
          nonce: '00112233445566778899aabbccddeeff',
          issuedAt: '2026-11-20T09:00:00.000Z',
          expiresAt: '2026-11-20T09:15:00.000Z',
        },
        signature: { algorithm: 'rsa-pss-sha256', signature: 'AAAA' },
      },
    },
  },
});

export const requestDeepFreeze = defineOperation({
  method: 'post',
  path: '/v1/deep-freeze-requests',
  operationId: 'requestDeepFreeze',
  tag: TAG,
  summary: 'Ask for a customer to be frozen deeply',
  description:
    'The answer is the intent: sign it at `/v1/intents/{intentId}/request`, then others approve it in the queue. ' +
    'Nothing happens before; open a case to stop the customer meanwhile.',
  access: allow(['compliance', 'officer']),
  body: z.strictObject({
    customer: idField('customer'),
    text: lineField(500).meta({ description: 'What the customer may read' }),
    reason: lineField(500).meta({ description: 'For staff alone' }),
  }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'DeepFreezeRequest' }),
    },
  },
  errors: ['customer_unknown'],
  idempotency: 'key',
  examples: {
    body: {
      customer: 'cus_01jd1f0v00e008000000000001',
      text: 'We took our keys of your wallets offline; please call us.',
      reason: 'The signer’s host may be in other hands.',
    },
  },
});
