import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import {
  feeRateField,
  idField,
  lineField,
  pageOf,
  pageQuery,
  satoshisField,
  timeField,
} from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { requestSignatureSchema } from '../intents/approval-contract.ts';
import { withdrawalEvidenceSchema } from '../intents/evidence-contract.ts';
import { statedTravelRuleSchema } from '../intents/kinds/travel-rule-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';
import { WITHDRAWAL_STATES } from './withdrawal-states-contract.ts';

const TAG = 'withdrawals';
const MAX_PAYMENTS = 100;
const MAX_HOURS = 14 * 24;

const stateField = z.enum(WITHDRAWAL_STATES);

const paymentField = z.strictObject({
  address: z.string().min(14).max(100),
  satoshis: satoshisField,
});

const destinationField = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('addresses'), payments: z.array(paymentField).min(1).max(MAX_PAYMENTS) }),
  z
    .strictObject({ kind: z.literal('spending'), satoshis: satoshisField })
    .describe('Your own spending balance, from a vault'),
  z
    .strictObject({ kind: z.literal('vault'), wallet: idField('wallet').optional(), satoshis: satoshisField })
    .describe('A vault of your own, from the spending balance'),
]);

const transactionFields = {
  txid: z.string(),
  feeSatoshis: satoshisField,
  broadcastAt: timeField.nullable(),
};

const transactionSchema = z.object({
  ...transactionFields,
  child: z
    .object(transactionFields)
    .nullable()
    .describe('Spends its change back to the wallet, and pays for both to be mined'),
});

const withdrawalSchema = z
  .object({
    id: idField('withdrawal'),
    state: stateField,
    balance: z.enum(['vault', 'spending']),
    wallet: idField('wallet'),
    destination: z.enum(['address', 'vault', 'spending']),
    amount: satoshisField,
    maxFee: satoshisField.describe('The network fee is never higher'),
    intent: intentSchema.describe('What is signed and approved; nothing else is carried out'),
    intentHash: z.string().describe('What you sign: 32 bytes, hex'),
    intentState: z
      .enum(['draft', 'open', 'approved', 'executed', 'rejected', 'cancelled', 'expired'])
      .describe('`draft` until you have signed it'),
    explanation: z.array(z.string()),
    approvals: z.int().describe('How many have approved'),
    transaction: transactionSchema.nullable().describe('The transaction that is to pay it, as it stands'),
    leftWallet: satoshisField
      .nullable()
      .describe('What left the wallet for it, fee included, once confirmed'),
    coolUntil: timeField.nullable(),
    nextColdWindow: z
      .object({ opensAt: timeField, closesAt: timeField })
      .nullable()
      .describe(
        'When the offline station signs next, as long as it has not; null when it keeps no hours, or does not sign',
      ),
    endReason: z.string().nullable().describe('Why it was not paid'),
    createdAt: timeField,
    expiresAt: timeField,
  })
  .meta({ id: 'Withdrawal' });

const withdrawalParams = z.strictObject({ withdrawalId: idField('withdrawal') });
const REQUESTER = allow(['customer'], 'withdrawals:write');

export const createWithdrawal = defineOperation({
  method: 'post',
  path: '/v1/withdrawals',
  operationId: 'createWithdrawal',
  tag: TAG,
  summary: 'Ask for a withdrawal',
  description:
    'Two calls: this one writes the withdrawal down and answers with its intent, with addresses and fee cap filled ' +
    'in; nothing is held or done. Check the intent, sign it with one of your credentials, and send the signature to ' +
    '`/v1/withdrawals/{withdrawalId}/request-signature`. A draft that is not signed within a day is cancelled.',
  access: REQUESTER,
  body: z.strictObject({
    balance: z.enum(['vault', 'spending']),
    wallet: idField('wallet').optional().describe('Which vault; your oldest one unless told'),
    to: destinationField,
    maxFee: satoshisField
      .optional()
      .describe('Unless told, twice what a transaction of five coins costs now'),
    memo: lineField(200).optional(),
    travelRule: statedTravelRuleSchema
      .optional()
      .describe('Who gets it; required above an amount that the institution sets'),
    expiresInHours: z
      .int()
      .min(1)
      .max(MAX_HOURS)
      .optional()
      .describe('72 unless told; longer where the next window for cold signing is later'),
  }),
  responses: { 202: { description: 'Waits for your signature', body: withdrawalSchema } },
  errors: [
    'account_restricted',
    'breaker_tripped',
    'withdrawal_source_missing',
    'withdrawal_destination_invalid',
    'withdrawal_destination_dust',
    'withdrawal_fee_cap_too_low',
    'withdrawal_fee_cap_too_high',
    'amount_out_of_range',
    'travel_rule_missing',
  ],
  idempotency: 'key',
  examples: {
    body: {
      balance: 'vault',
      to: {
        kind: 'addresses',
        payments: [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', satoshis: '500000' }],
      },
      maxFee: '10000',
      memo: 'rent',
      travelRule: {
        held: 'institution',
        beneficiary: 'Grace Hopper',
        institution: 'First Bank',
        country: 'DE',
      },
    },
  },
});

export const signWithdrawal = defineOperation({
  method: 'post',
  path: '/v1/withdrawals/{withdrawalId}/request-signature',
  operationId: 'signWithdrawal',
  tag: TAG,
  summary: 'Sign a withdrawal that you asked for',
  description:
    'The statement names the intent by its hash and the credential that signs; what is signed is the tagged hash of ' +
    'the statement’s canonical JSON (`trilock/statement/1`), with RSA-PSS, or as the challenge of a passkey with user ' +
    'verification. From here on amount and fee cap are held.',
  access: REQUESTER,
  params: withdrawalParams,
  body: requestSignatureSchema,
  responses: { 202: { description: 'Signed', body: withdrawalSchema } },
  errors: [
    'withdrawal_unknown',
    'queued_intent_settled',
    'queued_intent_damaged',
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
        intentHash: '5f'.repeat(32),
        credential: 'crd_01jd1f0v00e008000000000001',
        signedAt: '2026-06-01T12:00:00.000Z',
      },
      signature: { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' },
    },
  },
});

export const getWithdrawal = defineOperation({
  method: 'get',
  path: '/v1/withdrawals/{withdrawalId}',
  operationId: 'getWithdrawal',
  tag: TAG,
  summary: 'One withdrawal',
  access: allow(['customer', 'compliance', 'officer', 'auditor'], 'withdrawals:read'),
  params: withdrawalParams,
  responses: { 200: { description: 'The withdrawal', body: withdrawalSchema } },
  errors: ['withdrawal_unknown', 'queued_intent_damaged'],
});

export const getWithdrawalEvidence = defineOperation({
  method: 'get',
  path: '/v1/withdrawals/{withdrawalId}/evidence',
  operationId: 'getWithdrawalEvidence',
  tag: TAG,
  summary: 'All that a signed withdrawal rests on',
  description:
    'Intent, signatures, approvals, wallet, the signer’s word on what it checked, and the finished transaction. ' +
    '`trilock verify-withdrawal` checks it without a network, trusting the officers’ manifests alone.',
  access: allow(['auditor', 'compliance', 'officer']),
  params: withdrawalParams,
  query: z.strictObject({
    txid: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('Which of its transactions, when the fee was raised; the latest unless told'),
  }),
  responses: { 200: { description: 'The evidence', body: withdrawalEvidenceSchema } },
  errors: ['withdrawal_unknown', 'withdrawal_not_signed', 'withdrawal_damaged', 'queued_intent_damaged'],
});

export const listWithdrawals = defineOperation({
  method: 'get',
  path: '/v1/withdrawals',
  operationId: 'listWithdrawals',
  tag: TAG,
  summary: 'Your withdrawals, newest first',
  access: allow(['customer'], 'withdrawals:read'),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(withdrawalSchema) } },
  errors: ['cursor_invalid', 'queued_intent_damaged'],
});

export const cancelWithdrawal = defineOperation({
  method: 'post',
  path: '/v1/withdrawals/{withdrawalId}/cancel',
  operationId: 'cancelWithdrawal',
  tag: TAG,
  summary: 'Take a withdrawal back',
  description:
    'Possible until the platform is about to sign. What a cosigner may have signed already is first revoked in the ' +
    'signer, so `state` may follow a moment later; `intentState` is `cancelled` at once.',
  access: REQUESTER,
  params: withdrawalParams,
  responses: { 202: { description: 'It will not be paid', body: withdrawalSchema } },
  errors: ['withdrawal_unknown', 'queued_intent_settled', 'queued_intent_damaged'],
  idempotency: 'key',
});

const reasonBody = z.strictObject({ reason: lineField(500) });

export const quarantineWithdrawal = defineOperation({
  method: 'post',
  path: '/v1/withdrawals/{withdrawalId}/quarantine',
  operationId: 'quarantineWithdrawal',
  tag: TAG,
  summary: 'Stop a withdrawal before it is approved',
  access: allow(['compliance', 'officer']),
  params: withdrawalParams,
  body: reasonBody,
  responses: { 200: { description: 'Stopped', body: withdrawalSchema } },
  errors: ['withdrawal_unknown', 'withdrawal_step_forbidden', 'withdrawal_changed_meanwhile'],
  idempotency: 'key',
  examples: { body: { reason: 'payee on the sanctions list of 1 June' } },
});

export const releaseWithdrawal = defineOperation({
  method: 'post',
  path: '/v1/withdrawals/{withdrawalId}/release',
  operationId: 'releaseWithdrawal',
  tag: TAG,
  summary: 'Let a stopped withdrawal go on',
  access: allow(['compliance', 'officer']),
  params: withdrawalParams,
  body: reasonBody,
  responses: { 200: { description: 'Goes on', body: withdrawalSchema } },
  errors: ['withdrawal_unknown', 'withdrawal_step_forbidden', 'withdrawal_changed_meanwhile'],
  idempotency: 'key',
  examples: { body: { reason: 'a namesake' } },
});

export const bumpWithdrawalFee = defineOperation({
  method: 'post',
  path: '/v1/withdrawals/{withdrawalId}/fee-bump',
  operationId: 'bumpWithdrawalFee',
  tag: TAG,
  summary: 'Raise the fee of its transaction',
  description:
    'By a replacement (BIP125), unless told: same coins and same payments, less change. By a child: the transaction ' +
    'stays as it is, for payees who build on it already, and a second one that spends its change back to the wallet ' +
    'pays for both. Within the approved cap either way. The cosigners sign anew.',
  access: allow(['compliance', 'officer', 'operator']),
  params: withdrawalParams,
  body: z.strictObject({
    feeRate: feeRateField,
    by: z.enum(['replacement', 'child']).optional().describe('`replacement` unless told'),
  }),
  responses: { 202: { description: 'Waits for the cosigner', body: withdrawalSchema } },
  errors: ['withdrawal_unknown', 'fee_bump_not_possible'],
  idempotency: 'key',
  examples: { body: { feeRate: '25' } },
});
