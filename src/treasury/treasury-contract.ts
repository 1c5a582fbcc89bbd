import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'treasury';
const STAFF = ['compliance', 'officer'] as const;

const moveSchema = z
  .object({
    id: idField('treasuryMove'),
    purpose: z.enum(['sweep', 'refill', 'consolidation']),
    from: idField('wallet'),
    to: idField('wallet')
      .nullable()
      .meta({ description: 'Null for a merger of small coins, which stay where they are' }),
    satoshis: satoshisField,
    state: z.enum(['requested', 'built', 'signed', 'broadcast', 'confirmed', 'ended']).meta({
      description: '`built` until its cosigner and the signer have signed; `ended` without a signature',
    }),
    intent: idField('intent'),
    txid: z.string().nullable(),
    feeSatoshis: satoshisField.nullable(),
    createdAt: timeField,
    hindrance: z.string().nullable().meta({ description: 'What the last try ran into' }),
    endReason: z.string().nullable(),
  })
  .meta({ id: 'TreasuryMove' });

export const getTreasury = defineOperation({
  method: 'get',
  path: '/v1/treasury',
  operationId: 'getTreasury',
  tag: TAG,
  summary: 'The hot and the cold wallet, as the officers’ manifest pins them, and what they hold',
  access: allow([...STAFF, 'auditor']),
  responses: {
    200: {
      description: 'As of the followed chain',
      body: z
        .object({
          hot: idField('wallet'),
          cold: idField('wallet'),
          hotSatoshis: satoshisField,
          coldSatoshis: satoshisField,
          assetsSatoshis: satoshisField.meta({ description: 'In all wallets, customers’ vaults included' }),
          hotCapSatoshis: satoshisField.meta({ description: 'What the hot wallet holds above it is swept' }),
        })
        .meta({ id: 'Treasury' }),
    },
  },
  errors: ['treasury_not_pinned', 'treasury_wallet_missing'],
});

export const listTreasuryMoves = defineOperation({
  method: 'get',
  path: '/v1/treasury/moves',
  operationId: 'listTreasuryMoves',
  tag: TAG,
  summary: 'Moves between the institution’s own wallets, the newest first',
  access: allow([...STAFF, 'auditor']),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(moveSchema) } },
  errors: ['cursor_invalid', 'move_damaged'],
});

export const requestTreasuryRefill = defineOperation({
  method: 'post',
  path: '/v1/treasury/moves',
  operationId: 'requestTreasuryRefill',
  tag: TAG,
  summary: 'Ask for the hot wallet to be refilled from the cold one',
  description:
    'The answer is the intent: sign it at `/v1/intents/{intentId}/request`, then others approve it in the queue, by the ' +
    'manifest’s rule for `treasury_move`. It can pay the hot wallet that the manifest pins and no other, and no more than ' +
    'the hot wallet’s cap. Sweeps to the cold wallet and mergers of small coins the system makes by itself.',
  access: allow(STAFF),
  body: z.strictObject({
    satoshis: satoshisField,
    maxFeeSatoshis: satoshisField.meta({ description: 'The most that the network fee may be' }),
    reason: lineField(200),
  }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z
        .object({ move: moveSchema, intent: intentSchema, hash: z.string() })
        .meta({ id: 'TreasuryRefillRequest' }),
    },
  },
  errors: ['treasury_not_pinned', 'treasury_wallet_missing', 'move_under_way', 'move_amount_refused'],
  idempotency: 'key',
  examples: { body: { satoshis: '5000000', maxFeeSatoshis: '20000', reason: 'Payouts of tomorrow.' } },
});
