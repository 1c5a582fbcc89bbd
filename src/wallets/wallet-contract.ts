import { z } from 'zod';
import { allow, STAFF_ROLES } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, satoshisField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { registrationReceiptSchema } from '../intents/registration-receipt-contract.ts';
import { kitSchema } from '../recovery/kit-contract.ts';
import { WALLET_PLANS, walletRegistrationSchema } from '../intents/wallet-registration-contract.ts';

const TAG = 'wallets';
const READERS = allow(['customer', ...STAFF_ROLES], 'wallets:read');
const OWNER = allow(['customer'], 'wallets:write');

const EXAMPLE_ADDRESS = 'bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry';

const labelField = lineField(100).meta({ description: 'A name for people', examples: ['Savings'] });
const addressField = z
  .string()
  .min(14)
  .max(100)
  .regex(/^[a-zA-Z0-9]+$/)
  .meta({ description: 'A Bitcoin address', examples: [EXAMPLE_ADDRESS] });

const walletSchema = z
  .object({
    id: idField('wallet'),
    customerId: idField('customer').nullable().describe('Null for the institution’s own.'),
    plan: z.enum(WALLET_PLANS),
    network: z.enum(['mainnet', 'testnet', 'signet', 'regtest']),
    label: z.string(),
    state: z
      .enum(['requested', 'platform_key', 'registered', 'open', 'failed'])
      .describe('Addresses are given out once it is open; until then look again.'),
    descriptor: z
      .string()
      .nullable()
      .describe('Output descriptor with checksum (BIP380, BIP389); final once it is there.'),
    descriptorHash: z.string().nullable().describe('The name by which intents bind themselves to it.'),
    obstacle: z.string().nullable().describe('Why it failed, or what it waits for.'),
    replaces: idField('wallet').nullable().describe('The wallet whose place this one takes.'),
    createdAt: timeField,
    openedAt: timeField.nullable(),
  })
  .meta({ id: 'Wallet' });

export const requestWallet = defineOperation({
  method: 'post',
  path: '/v1/wallets',
  operationId: 'requestWallet',
  tag: TAG,
  summary: 'Ask for a wallet',
  description:
    'The wallet is opened by itself within seconds: the platform makes its key, cold keys are taken from the ' +
    'pool, every attestation is checked, and the signer pins the descriptor. A collaborative wallet brings the ' +
    'customer’s own account key, a self-custody wallet two, each attested by a signing credential of the customer.',
  access: OWNER,
  body: z.strictObject({
    plan: z.enum(WALLET_PLANS),
    label: labelField,
    customerKey: z
      .record(z.string(), z.unknown())
      .nullable()
      .optional()
      .describe('For a collaborative wallet: what `trilock customer-key create` writes as attestation.'),
    customerKeys: z
      .array(z.record(z.string(), z.unknown()))
      .max(2)
      .optional()
      .describe('The same as a list: two keys for a self-custody wallet, the customer’s alone.'),
  }),
  responses: { 202: { description: 'Being opened', body: walletSchema } },
  errors: [
    'account_restricted',
    'breaker_tripped',
    'wallet_plan_unsupported',
    'signing_credential_missing',
    'customer_key_missing',
    'customer_key_unexpected',
    'key_attestation_malformed',
    'key_attested_by_stranger',
    'key_of_another_network',
    'signature_wrong',
    'signature_malformed',
    'signature_key_refused',
    'possession_proof_invalid',
    'extended_key_malformed',
    'derivation_path_unsupported',
  ],
  idempotency: 'key',
  examples: { body: { plan: 'custodial', label: 'Savings' } },
});

export const rotateWallet = defineOperation({
  method: 'post',
  path: '/v1/wallets/{walletId}/rotations',
  operationId: 'rotateWallet',
  tag: TAG,
  summary: 'Move to a wallet with other keys',
  description:
    'Asks for a new wallet of the same plan, with keys that no wallet has had. Once it is open, the old one gives ' +
    'out no more addresses; what it holds, and whatever is still paid to it, is moved by withdrawals to the new ' +
    'one, which you sign and which are approved like any other. Old addresses are watched for ever.',
  access: OWNER,
  params: z.strictObject({ walletId: idField('wallet') }),
  body: z.strictObject({
    customerKey: z
      .record(z.string(), z.unknown())
      .nullable()
      .optional()
      .describe('For a collaborative wallet: the attestation of a new key of your own.'),
    customerKeys: z
      .array(z.record(z.string(), z.unknown()))
      .max(2)
      .optional()
      .describe('For self_custody: the attestations of two new keys of your own.'),
    reason: labelField.meta({ description: 'Why, for the record', examples: ['a new phone'] }),
  }),
  responses: { 202: { description: 'The new wallet, being opened', body: walletSchema } },
  errors: [
    'wallet_unknown',
    'wallet_not_open',
    'wallet_replaced',
    'wallet_plan_unsupported',
    'signing_credential_missing',
    'customer_key_missing',
    'customer_key_unexpected',
    'key_attestation_malformed',
    'key_attested_by_stranger',
    'key_of_another_network',
    'signature_wrong',
    'signature_malformed',
    'signature_key_refused',
    'possession_proof_invalid',
    'extended_key_malformed',
    'derivation_path_unsupported',
  ],
  idempotency: 'key',
  examples: { body: { reason: 'a new phone' } },
});

export const listWallets = defineOperation({
  method: 'get',
  path: '/v1/wallets',
  operationId: 'listWallets',
  tag: TAG,
  summary: 'List wallets',
  description: 'A customer’s own; staff sees all, the institution’s too.',
  access: READERS,
  query: pageQuery.extend({
    customerId: idField('customer').optional().describe('For staff: only those of this customer.'),
  }),
  responses: { 200: { description: 'Wallets by id', body: pageOf(walletSchema) } },
  errors: [],
});

const walletParams = z.strictObject({ walletId: idField('wallet') });

export const getWallet = defineOperation({
  method: 'get',
  path: '/v1/wallets/{walletId}',
  operationId: 'getWallet',
  tag: TAG,
  summary: 'Read a wallet',
  access: READERS,
  params: walletParams,
  responses: { 200: { description: 'The wallet', body: walletSchema } },
  errors: ['wallet_unknown'],
});

export const getRegistration = defineOperation({
  method: 'get',
  path: '/v1/wallets/{walletId}/registration',
  operationId: 'getWalletRegistration',
  tag: TAG,
  summary: 'Read what signer and stations have pinned',
  description:
    'Descriptor, attested keys and credentials, with the signer’s receipt. Keep a copy: the stations and your own ' +
    'programs check every spend and every address against it.',
  access: READERS,
  params: walletParams,
  responses: {
    200: {
      description: 'Registration and receipt',
      body: z
        .object({ registration: walletRegistrationSchema, receipt: registrationReceiptSchema })
        .meta({ id: 'WalletRegistration' }),
    },
  },
  errors: ['wallet_unknown', 'wallet_not_open', 'receipt_missing'],
});

export const issueRecoveryKit = defineOperation({
  method: 'post',
  path: '/v1/wallets/{walletId}/recovery-kits',
  operationId: 'issueRecoveryKit',
  tag: TAG,
  summary: 'Download the recovery kit of a wallet',
  description:
    'Everything with which two of the three keys move the coins when no server answers: for programs, and as pages ' +
    'to print. It holds no key in the clear. The customer is told of every kit that is handed out.',
  access: READERS,
  params: walletParams,
  responses: {
    201: {
      description: 'The kit',
      body: z
        .object({ kit: kitSchema, pdf: z.string().describe('The same for paper: PDF, in base64.') })
        .meta({ id: 'RecoveryKit' }),
    },
  },
  errors: ['wallet_unknown', 'wallet_not_open', 'receipt_missing'],
  idempotency: { notNeeded: 'a kit changes nothing: a second one says the same' },
});

const addressSchema = z
  .object({
    id: idField('address'),
    walletId: idField('wallet'),
    balance: z.enum(['vault', 'spending']).describe('Which balance a payment to it credits.'),
    customerId: idField('customer').nullable(),
    address: z.string(),
    index: z.int(),
    label: z.string().nullable(),
    createdAt: timeField,
  })
  .meta({ id: 'Address' });

const addressBody = z.strictObject({ label: labelField.nullable().optional() });

export const createAddress = defineOperation({
  method: 'post',
  path: '/v1/wallets/{walletId}/addresses',
  operationId: 'createAddress',
  tag: TAG,
  summary: 'Get a fresh address of a vault',
  description: 'No address is given out twice. What is paid to it is credited to the vault balance.',
  access: OWNER,
  params: walletParams,
  body: addressBody,
  responses: { 201: { description: 'The address', body: addressSchema } },
  errors: ['account_restricted', 'breaker_tripped', 'wallet_unknown', 'wallet_not_open'],
  idempotency: 'key',
  examples: { body: { label: 'Rent of March' } },
});

export const listAddresses = defineOperation({
  method: 'get',
  path: '/v1/wallets/{walletId}/addresses',
  operationId: 'listAddresses',
  tag: TAG,
  summary: 'List the addresses given out',
  access: READERS,
  params: walletParams,
  query: pageQuery,
  responses: { 200: { description: 'In the order of their indexes', body: pageOf(addressSchema) } },
  errors: ['wallet_unknown'],
});

export const createSpendingAddress = defineOperation({
  method: 'post',
  path: '/v1/spending-addresses',
  operationId: 'createSpendingAddress',
  tag: TAG,
  summary: 'Get a fresh address of the spending balance',
  description: 'An address of the treasury that credits the caller alone.',
  access: OWNER,
  body: addressBody,
  responses: { 201: { description: 'The address', body: addressSchema } },
  errors: ['account_restricted', 'breaker_tripped', 'treasury_missing', 'wallet_not_open'],
  idempotency: 'key',
  examples: { body: { label: 'From my exchange' } },
});

export const listSpendingAddresses = defineOperation({
  method: 'get',
  path: '/v1/spending-addresses',
  operationId: 'listSpendingAddresses',
  tag: TAG,
  summary: 'List your addresses of the spending balance',
  access: allow(['customer'], 'wallets:read'),
  query: pageQuery,
  responses: { 200: { description: 'In the order of their indexes', body: pageOf(addressSchema) } },
  errors: ['treasury_missing'],
});

export const verifyAddress = defineOperation({
  method: 'get',
  path: '/v1/addresses/{address}',
  operationId: 'verifyAddress',
  tag: TAG,
  summary: 'Verify an address',
  description:
    'Says of which wallet it is, where it derives, and from which keys, so that you can derive it yourself: on a ' +
    'hardware device, with another wallet program, or at a station.',
  access: READERS,
  params: z.strictObject({ address: addressField }),
  responses: {
    200: {
      description: 'It is ours',
      body: z
        .object({
          address: addressSchema,
          descriptor: z.string(),
          branch: z.literal('receive'),
          witnessScript: z.string().describe('Hex'),
          keys: z.array(
            z.object({
              publicKey: z.string().describe('Compressed, hex'),
              masterFingerprint: z.string(),
              path: z.string().describe('From the master key, as in BIP380'),
            }),
          ),
        })
        .meta({ id: 'VerifiedAddress' }),
    },
  },
  errors: ['address_unknown'],
});

const balanceSchema = z
  .object({
    posted: satoshisField.describe('Credited and not yet taken out.'),
    pending: satoshisField.describe('On the way in; never spendable.'),
    held: satoshisField.describe('Held for withdrawals and transfers under way.'),
    available: satoshisField.describe('What may be spent now.'),
    owed: satoshisField.describe('Owed after a credited deposit has left the chain.'),
  })
  .meta({ id: 'Balance' });

const balancesSchema = z
  .object({
    customerId: idField('customer'),
    spending: balanceSchema,
    vaults: z.array(z.object({ walletId: idField('wallet'), label: z.string(), balance: balanceSchema })),
    sequence: z.int().describe('The batch of the ledger that they are as of.'),
  })
  .meta({ id: 'Balances' });

export const getBalances = defineOperation({
  method: 'get',
  path: '/v1/balances',
  operationId: 'getBalances',
  tag: TAG,
  summary: 'Read your balances',
  access: allow(['customer'], 'wallets:read'),
  responses: { 200: { description: 'All as of one moment', body: balancesSchema } },
  errors: ['ledger_unreachable'],
});

export const getCustomerBalances = defineOperation({
  method: 'get',
  path: '/v1/customers/{customerId}/balances',
  operationId: 'getCustomerBalances',
  tag: TAG,
  summary: 'Read the balances of a customer',
  access: allow(STAFF_ROLES),
  params: z.strictObject({ customerId: idField('customer') }),
  responses: { 200: { description: 'All as of one moment', body: balancesSchema } },
  errors: ['ledger_unreachable'],
});

const poolSchema = z.object({ available: z.int(), low: z.boolean().describe('Fewer than officers want.') });

export const getKeyPools = defineOperation({
  method: 'get',
  path: '/v1/key-pools',
  operationId: 'getKeyPools',
  tag: TAG,
  summary: 'See how many attested keys are left',
  access: allow(STAFF_ROLES),
  responses: {
    200: {
      description: 'By role',
      body: z.object({ cold: poolSchema, backup: poolSchema }).meta({ id: 'KeyPools' }),
    },
  },
  errors: [],
});
