import { z } from 'zod';
import { allow, publicAccess } from '../http/access-contract.ts';
import { timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

const TAG = 'notices';

const contactsSchema = z
  .object({
    email: z.string().meta({ description: 'The address of the account' }),
    phone: z.string().nullable().meta({ description: 'The number for text messages' }),
  })
  .meta({ id: 'NoticeContacts' });

export const getNoticeContacts = defineOperation({
  method: 'get',
  path: '/v1/notice-contacts',
  operationId: 'getNoticeContacts',
  tag: TAG,
  summary: 'Where you get notices',
  description:
    'Every request to withdraw, every new key, lock and change of these contacts is told by mail and, when there is ' +
    'a number, by text message, with a link that locks the account.',
  access: allow(['customer']),
  responses: { 200: { description: 'Your contacts', body: contactsSchema } },
  errors: [],
});

export const setNoticePhone = defineOperation({
  method: 'put',
  path: '/v1/notice-contacts/phone',
  operationId: 'setNoticePhone',
  tag: TAG,
  summary: 'Set or remove your number for text messages',
  description:
    'The address of the account and the old number are told; the old number gets all notices for seven days more.',
  access: allow(['customer']),
  body: z.strictObject({
    number: z
      .string()
      .regex(/^\+[1-9][0-9]{6,14}$/)
      .nullable()
      .meta({ description: 'With country code, digits only (E.164); null for none' }),
  }),
  responses: { 200: { description: 'Your contacts', body: contactsSchema } },
  errors: [],
  examples: { body: { number: '+12025550199' } },
});

export const lockByLink = defineOperation({
  method: 'post',
  path: '/v1/account-lock/by-link',
  operationId: 'lockByLink',
  tag: TAG,
  summary: 'Lock an account by the link of a notice',
  description:
    'The token is good for this one lock, until it expires. Opening a link changes nothing: programs that look at ' +
    'mail open links; the page behind it asks once and then sends this.',
  access: publicAccess('whoever reads the notice may be locked out by a thief; it can only lock'),
  body: z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{16,200}$/) }),
  responses: {
    200: {
      description: 'The account is locked',
      body: z.object({ lockedAt: timeField }).meta({ id: 'LockedByLink' }),
    },
  },
  errors: ['freeze_link_invalid', 'freeze_link_expired', 'freeze_link_used'],
  idempotency: { notNeeded: 'a link imposes one lock, however often it is followed' },
  examples: { body: { token: 'AZJC8GwAcACAAAAAAAAAAQGSQvBsAHAAgAAAAAAAAAEBkkLwbAA' } },
});
