import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'address book';
const MAX_LABEL = 80;

const entrySchema = z
  .object({
    id: idField('destination'),
    address: z.string(),
    label: z.string(),
    addedAt: timeField,
    usableAt: timeField.describe('From then on it counts as known'),
  })
  .meta({ id: 'AddressBookEntry' });

const addressBookSchema = z
  .object({
    items: z.array(entrySchema),
    onlyKnown: z.boolean().describe('Whether payments go only to entries of this book'),
    opensAt: timeField.nullable().describe('When payments go elsewhere again, if that was asked for'),
  })
  .meta({ id: 'AddressBook' });

export const getAddressBook = defineOperation({
  method: 'get',
  path: '/v1/address-book',
  operationId: 'getAddressBook',
  tag: TAG,
  summary: 'The destinations that you have named',
  access: allow(['customer'], 'withdrawals:read'),
  responses: { 200: { description: 'The address book', body: addressBookSchema } },
  errors: [],
});

export const addDestination = defineOperation({
  method: 'post',
  path: '/v1/address-book',
  operationId: 'addDestination',
  tag: TAG,
  summary: 'Name a destination',
  description:
    'It counts as known when it has cooled off, as the policy says. You are told on every channel.',
  access: allow(['customer']),
  body: z.strictObject({ address: z.string().min(14).max(100), label: lineField(MAX_LABEL) }),
  responses: { 201: { description: 'Named; it cools off', body: entrySchema } },
  errors: ['destination_invalid', 'destination_known', 'account_restricted', 'policy_damaged'],
  idempotency: 'key',
  examples: {
    body: { address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', label: 'My hardware wallet' },
  },
});

export const removeDestination = defineOperation({
  method: 'post',
  path: '/v1/address-book/{destinationId}/removal',
  operationId: 'removeDestination',
  tag: TAG,
  summary: 'Take a destination out, at once',
  access: allow(['customer']),
  params: z.strictObject({ destinationId: idField('destination') }),
  responses: { 200: { description: 'The address book', body: addressBookSchema } },
  errors: ['destination_unknown'],
  idempotency: 'key',
});

export const setAllowList = defineOperation({
  method: 'post',
  path: '/v1/address-book/allow-list',
  operationId: 'setAllowList',
  tag: TAG,
  summary: 'Let payments go only to the address book, or elsewhere again',
  description:
    'To close the list works at once. To open it takes as long as a new destination cools off, and closing it ' +
    'meanwhile takes that back.',
  access: allow(['customer']),
  body: z.strictObject({ payTo: z.enum(['address_book', 'anywhere']) }),
  responses: { 200: { description: 'The address book', body: addressBookSchema } },
  errors: ['account_restricted', 'policy_damaged'],
  idempotency: 'key',
  examples: { body: { payTo: 'address_book' } },
});
