import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, lineField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { restrictionSchema } from './restriction-contract.ts';
import { REASON_CODES } from './restriction-kinds-contract.ts';

const TAG = 'restrictions';
const WHEN_EMPTY =
  'Only an empty account is closed: when a balance is left, or a payment in either direction is under way, the ' +
  'restriction ends `released`, with the reason in its history. It is never opened again; whoever comes back opens ' +
  'another account. What arrives later is held in suspense, and staff decide about it.';

export const closeOwnAccount = defineOperation({
  method: 'post',
  path: '/v1/account-closure',
  operationId: 'closeOwnAccount',
  tag: TAG,
  summary: 'Close your own account for good',
  description: WHEN_EMPTY,
  access: allow(['customer']),
  responses: { 201: { description: 'Refused from now on; closed when `in_force`', body: restrictionSchema } },
  errors: [],
  idempotency: 'key',
});

export const closeAccount = defineOperation({
  method: 'post',
  path: '/v1/account-closures',
  operationId: 'closeAccount',
  tag: TAG,
  summary: 'Close a customer’s account for good',
  description: `It takes two people: a case that somebody else has opened is in force. ${WHEN_EMPTY}`,
  access: allow(['compliance', 'officer']),
  body: z.strictObject({
    customer: idField('customer'),
    reasonCode: z.enum(REASON_CODES),
    text: lineField(500).meta({ description: 'What the customer may read' }),
    restrictedText: lineField(2_000).meta({ description: 'For staff alone' }),
  }),
  responses: { 201: { description: 'Refused from now on; closed when `in_force`', body: restrictionSchema } },
  errors: ['customer_unknown', 'case_missing'],
  idempotency: 'key',
  examples: {
    body: {
      customer: 'cus_01jd1f0v00e008000000000001',
      reasonCode: 'officers_order',
      text: 'We have ended our contract with you.',
      restrictedText: 'Terminated after the second warning.',
    },
  },
});
