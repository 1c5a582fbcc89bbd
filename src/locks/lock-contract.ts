import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { LOCK_END_REASONS, LOCK_STATES } from './lock-state-contract.ts';

const TAG = 'master locks';
const EXAMPLE_CUSTOMER = 'cus_01jd1f0v00e008000000000001';
const EXAMPLE_LOCK = 'crd_01jd1f0v00e008000000000001';
const EXAMPLE_SIGNATURE = { algorithm: 'rsa-pss-sha256', signature: 'c2lnbmF0dXJl' };

const masterLockSchema = z
  .object({
    id: idField('credential').meta({
      description: 'Also the id of the credential that its signing half is',
      examples: [EXAMPLE_LOCK],
    }),
    customer: idField('customer'),
    state: z.enum(LOCK_STATES).meta({
      description: '`registering` and `revoking` last until the signer has answered; one lock is `in_force`',
    }),
    publicHalves: z
      .object({ signing: z.string(), decryption: z.string() })
      .meta({ description: 'SubjectPublicKeyInfo (RSA-4096), DER in base64url' }),
    registration: z.record(z.string(), z.unknown()).meta({
      description: 'What the customer signed with both halves: it proves that the two belong together',
    }),
    replaces: idField('credential').nullable(),
    certificates: z
      .object({ signing: z.string(), decryption: z.string(), issuer: z.string() })
      .nullable()
      .meta({
        description:
          'X.509, DER in base64url, issued by the signer whose key the officers’ manifest names; null before that',
      }),
    revocation: z.record(z.string(), z.unknown()).nullable().meta({
      description: 'The lock’s own word that it ends, for the stations; null when it has not said so',
    }),
    createdAt: timeField,
    pinnedAt: timeField.nullable(),
    endedAt: timeField.nullable(),
    endReason: z.enum(LOCK_END_REASONS).nullable(),
    obstacle: z
      .string()
      .nullable()
      .meta({ description: 'What the signer said against it, or is waited for' }),
  })
  .meta({ id: 'MasterLock' });

const masterLocksSchema = z.object({ items: z.array(masterLockSchema) }).meta({ id: 'MasterLocks' });
const lockParams = z.strictObject({ lockId: idField('credential') });

const signedDocument = (what: string) => z.record(z.string(), z.unknown()).describe(what);

export const registerMasterLock = defineOperation({
  method: 'post',
  path: '/v1/master-locks',
  operationId: 'registerMasterLock',
  tag: TAG,
  summary: 'Register your master lock',
  description:
    'Both public halves of a key file that you made, each with its proof of possession; the private halves never ' +
    'leave you. In place of a lock that is in force it is signed by that lock too. The signer pins both halves and ' +
    'issues the certificates; `trilock master-lock` makes file and document.',
  access: allow(['customer']),
  body: z.strictObject({
    label: lineField(100).meta({ description: 'A name for people', examples: ['Lock in the safe'] }),
    registration: signedDocument('The statement (`purpose: master lock`) with its proofs.'),
    pin: signedDocument(
      'Makes the signing half one of your credentials, as for `POST /v1/signing-credentials`; null when it is one.',
    ).nullable(),
  }),
  responses: { 202: { description: 'The signer is told next', body: masterLockSchema } },
  errors: [
    'master_lock_malformed',
    'master_lock_of_another',
    'master_lock_key_differs',
    'master_lock_not_in_place',
    'master_lock_being_registered',
    'master_lock_not_vouched_for',
    'approval_out_of_time',
    'intent_wrong_network',
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
      label: 'Lock in the safe',
      registration: {
        statement: {
          purpose: 'master lock',
          network: 'regtest',
          customer: EXAMPLE_CUSTOMER,
          id: EXAMPLE_LOCK,
          signing: 'MIICIjANBg',
          decryption: 'MIICIjANBh',
          replaces: null,
          signedAt: '2026-01-31T12:00:00.000Z',
        },
        possession: { signing: 'c2lnbmF0dXJl', decryption: 'c2lnbmF0dXJl' },
        previous: null,
      },
      pin: {
        statement: {
          purpose: 'pin credential',
          network: 'regtest',
          customer: EXAMPLE_CUSTOMER,
          credential: {
            id: EXAMPLE_LOCK,
            publicKey: { algorithm: 'rsa-pss-sha256', spki: 'MIICIjANBg' },
          },
          signedBy: EXAMPLE_LOCK,
          signedAt: '2026-01-31T12:00:00.000Z',
        },
        signature: EXAMPLE_SIGNATURE,
      },
    },
  },
});

export const listMasterLocks = defineOperation({
  method: 'get',
  path: '/v1/master-locks',
  operationId: 'listMasterLocks',
  tag: TAG,
  summary: 'Your master locks, those that ended too',
  access: allow(['customer'], 'identity:read'),
  responses: { 200: { description: 'Newest first', body: masterLocksSchema } },
  errors: [],
});

export const listCustomerMasterLocks = defineOperation({
  method: 'get',
  path: '/v1/customers/{customerId}/master-locks',
  operationId: 'listCustomerMasterLocks',
  tag: TAG,
  summary: 'A customer’s master locks, for staff',
  access: allow(['compliance', 'officer', 'auditor']),
  params: z.strictObject({ customerId: idField('customer') }),
  responses: { 200: { description: 'Newest first', body: masterLocksSchema } },
  errors: [],
});

export const getMasterLock = defineOperation({
  method: 'get',
  path: '/v1/master-locks/{lockId}',
  operationId: 'getMasterLock',
  tag: TAG,
  summary: 'One master lock, with its certificates',
  access: allow(['customer', 'compliance', 'officer', 'auditor'], 'identity:read'),
  params: lockParams,
  responses: { 200: { description: 'The lock', body: masterLockSchema } },
  errors: ['master_lock_not_found'],
});

export const revokeMasterLock = defineOperation({
  method: 'post',
  path: '/v1/master-locks/{lockId}/revocation',
  operationId: 'revokeMasterLock',
  tag: TAG,
  summary: 'End a master lock at its own word',
  description:
    'When its file may be in other hands. The statement (`purpose: revoke master lock`, `subject` the lock) is signed ' +
    'with the lock itself. The signer checks it once more; from its answer on the lock signs nothing.',
  access: allow(['customer']),
  params: lockParams,
  body: z.strictObject({
    statement: signedDocument('What is said: purpose, network, customer, credential, subject, nonce, times.'),
    signature: signedDocument('By the lock.'),
  }),
  responses: { 202: { description: 'The signer is told next', body: masterLockSchema } },
  errors: [
    'master_lock_not_found',
    'master_lock_step_forbidden',
    'master_lock_changed_meanwhile',
    'statement_malformed',
    'statement_for_another_purpose',
    'statement_out_of_time',
    'signature_wrong',
    'signature_malformed',
  ],
  idempotency: 'key',
  examples: {
    body: {
      statement: {
        purpose: 'revoke master lock',
        network: 'regtest',
        customer: EXAMPLE_CUSTOMER,
        credential: EXAMPLE_LOCK,
        subject: EXAMPLE_LOCK,
        nonce: '00112233445566778899aabbccddeeff',
        issuedAt: '2026-01-31T12:00:00.000Z',
        expiresAt: '2026-01-31T12:15:00.000Z',
      },
      signature: EXAMPLE_SIGNATURE,
    },
  },
});
