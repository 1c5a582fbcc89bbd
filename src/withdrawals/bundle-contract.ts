import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { signingBundleSchema } from '../intents/signing-bundle-contract.ts';

export const listAwaitedBundles = defineOperation({
  method: 'get',
  path: '/v1/signing-bundles',
  operationId: 'listAwaitedBundles',
  tag: 'withdrawals',
  summary: 'What waits for a signature with your own key',
  description:
    'Of wallets with a key of yours (plan `collaborative`): PSBTs with the intents that they carry out. Check them ' +
    'with your own program before you sign.',
  access: allow(['customer'], 'withdrawals:read'),
  responses: {
    200: {
      description: 'Perhaps none',
      body: z.object({ items: z.array(z.object({ txid: z.string(), bundle: signingBundleSchema })) }),
    },
  },
  errors: ['withdrawal_damaged', 'queued_intent_damaged'],
});

export const submitBundle = defineOperation({
  method: 'post',
  path: '/v1/signing-bundles',
  operationId: 'submitBundle',
  tag: 'withdrawals',
  summary: 'Hand in a PSBT that you have signed with your own key',
  access: allow(['customer'], 'withdrawals:write'),
  body: signingBundleSchema,
  responses: { 202: { description: 'Taken', body: z.object({ txid: z.string() }) } },
  errors: [
    'bundle_unknown',
    'bundle_not_awaited',
    'bundle_signature_missing',
    'bundle_malformed',
    'psbt_malformed',
  ],
  idempotency: { notNeeded: 'signatures that are there already change nothing' },
  examples: {
    body: {
      version: 1,
      wallet: 'wal_01jd1f0v00e008000000000001',
      intents: [
        {
          intent: {
            version: 1,
            kind: 'withdrawal',
            id: 'int_01jd1f0v00e008000000000001',
            network: 'regtest',
            createdAt: '2026-06-01T12:00:00.000Z',
            expiresAt: '2026-06-04T12:00:00.000Z',
            nonce: '0123456789abcdef0123456789abcdef',
            policyVersion: 1,
            requester: 'cus_01jd1f0v00e008000000000001',
            body: {
              customer: 'cus_01jd1f0v00e008000000000001',
              balance: 'vault',
              wallet: 'wal_01jd1f0v00e008000000000001',
              descriptorHash: '5f'.repeat(32),
              payments: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: '500000' }],
              maxFeeSatoshis: '10000',
            },
          },
          request: null,
          approvals: [],
        },
      ],
      psbt: 'cHNidP8=',
    },
  },
});
