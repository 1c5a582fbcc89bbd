import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { publicKeySchema } from '../intents/signature-contract.ts';

const signingCredentialSchema = z
  .object({
    id: idField('credential'),
    publicKey: publicKeySchema,
    pinned: z.boolean().describe('Whether the signer knows it already.'),
    createdAt: timeField,
  })
  .meta({ id: 'SigningCredential' });

export const addSigningCredential = defineOperation({
  method: 'post',
  path: '/v1/signing-credentials',
  operationId: 'addSigningCredential',
  tag: 'wallets',
  summary: 'Add a key that you sign withdrawals with',
  description:
    'A passkey or an RSA-4096 key. The statement is signed with the key itself when it is your first, and with an ' +
    'earlier one from then on, so a stolen session alone adds none. The signer checks the same statement.',
  access: allow(['customer']),
  body: z.strictObject({
    label: lineField(100).meta({ description: 'A name for people', examples: ['Key on my laptop'] }),
    pin: z
      .record(z.string(), z.unknown())
      .describe(
        'The statement of the credential (`purpose: pin credential`) and the signature over its hash.',
      ),
  }),
  responses: { 201: { description: 'Added', body: signingCredentialSchema } },
  errors: [
    'credential_pin_malformed',
    'credential_pin_foreign',
    'credential_pin_stale',
    'signing_credential_taken',
    'signature_wrong',
    'signature_malformed',
    'signature_key_refused',
  ],
  idempotency: 'key',
  examples: {
    body: {
      label: 'Key on my laptop',
      pin: {
        statement: {
          purpose: 'pin credential',
          network: 'regtest',
          customer: 'cus_01jd1f0v00e008000000000001',
          credential: {
            id: 'crd_01jd1f0v00e008000000000001',
            publicKey: { algorithm: 'rsa-pss-sha256', spki: 'MIICIjANBg' },
          },
          signedBy: 'crd_01jd1f0v00e008000000000001',
          signedAt: '2026-01-31T12:00:00.000Z',
        },
        signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
      },
    },
  },
});

export const listSigningCredentials = defineOperation({
  method: 'get',
  path: '/v1/signing-credentials',
  operationId: 'listSigningCredentials',
  tag: 'wallets',
  summary: 'List the keys that you sign withdrawals with',
  access: allow(['customer'], 'identity:read'),
  responses: {
    200: {
      description: 'Oldest first',
      body: z.object({ items: z.array(signingCredentialSchema) }).meta({ id: 'SigningCredentials' }),
    },
  },
  errors: [],
});
