import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

export const requestKeyRotation = defineOperation({
  method: 'post',
  path: '/v1/wallets/{walletId}/rotation-requests',
  operationId: 'requestKeyRotation',
  tag: 'wallets',
  summary: 'Ask for a customer’s wallet to get other keys',
  description:
    'For staff: the answer is the intent. Sign it at `/v1/intents/{intentId}/request`, then others approve it in the ' +
    'queue, by the manifest’s rule for `key_rotation`, and the new wallet is opened. Coins move by withdrawals that ' +
    'the customer signs.',
  access: allow(['compliance', 'officer']),
  params: z.strictObject({ walletId: idField('wallet') }),
  body: z.strictObject({
    customerKeys: z
      .array(z.record(z.string(), z.unknown()))
      .max(2)
      .optional()
      .describe('Attestations of new keys of the customer’s own: as many as the plan has'),
    reason: lineField(200),
  }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'KeyRotationRequest' }),
    },
  },
  errors: ['wallet_unknown', 'wallet_not_open', 'wallet_replaced', 'key_attestation_malformed'],
  idempotency: 'key',
  examples: { body: { reason: 'The old masters may have been copied.' } },
});
