import { z } from 'zod';
import { allow, STAFF_ROLES } from '../http/access-contract.ts';
import { idField, lineField, pageOf, pageQuery, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { intentSchema } from '../intents/intent-contract.ts';

const TAG = 'staff';

const roleList = z
  .array(z.enum(STAFF_ROLES))
  .min(1)
  .max(STAFF_ROLES.length)
  .refine((roles) => new Set(roles).size === roles.length, { error: 'a role named twice' });

const memberSchema = z
  .object({
    id: idField('staff'),
    email: z.string(),
    displayName: z.string(),
    roles: z.array(z.enum(STAFF_ROLES)),
    suspended: z.boolean(),
    sealed: z.boolean().meta({
      description: 'False: the stored roles are not what was decided, and the account does nothing',
    }),
    createdAt: timeField,
  })
  .meta({ id: 'StaffMember' });

const params = z.strictObject({ staffId: idField('staff') });
const reason = lineField(200);

export const listStaff = defineOperation({
  method: 'get',
  path: '/v1/staff',
  operationId: 'listStaff',
  tag: TAG,
  summary: 'Members of staff, in order of registration',
  access: allow(['admin', 'officer', 'compliance', 'auditor']),
  query: pageQuery,
  responses: { 200: { description: 'One page', body: pageOf(memberSchema) } },
  errors: ['cursor_invalid'],
});

export const requestStaffChange = defineOperation({
  method: 'post',
  path: '/v1/staff/{staffId}/changes',
  operationId: 'requestStaffChange',
  tag: TAG,
  summary: 'Ask for a member of staff to get roles',
  description:
    'Also for an account that is suspended to be given back. The answer is the intent: sign it at ' +
    '`/v1/intents/{intentId}/request`, then others approve it in the queue, by the manifest’s rule for ' +
    '`staff_change`. Neither you nor the one it is about approves it.',
  access: allow(['compliance', 'officer']),
  params,
  body: z.strictObject({ roles: roleList.meta({ description: 'All that the account is to have' }), reason }),
  responses: {
    201: {
      description: 'Waits for your signature',
      body: z.object({ intent: intentSchema, hash: z.string() }).meta({ id: 'StaffChangeRequest' }),
    },
  },
  errors: ['staff_unknown', 'staff_change_own', 'staff_change_empty'],
  idempotency: 'key',
  examples: { body: { roles: ['compliance'], reason: 'Grace begins on Monday.' } },
});

export const revokeStaff = defineOperation({
  method: 'post',
  path: '/v1/staff/{staffId}/revocations',
  operationId: 'revokeStaff',
  tag: TAG,
  summary: 'Take roles away, or suspend the account',
  description:
    'Any one officer or administrator may, at once, and the account is signed out everywhere. It is given back only ' +
    'through the queue. What the account may approve stands in the officers’ manifest and not here.',
  access: allow(['officer', 'admin']),
  params,
  body: z.strictObject({
    roles: roleList.optional().meta({ description: 'These; the whole account is suspended unless told' }),
    reason,
  }),
  responses: { 200: { description: 'Taken away', body: memberSchema } },
  errors: ['staff_unknown', 'staff_change_empty', 'staff_changed_meanwhile', 'staff_standing_damaged'],
  idempotency: 'key',
  examples: { body: { reason: 'The laptop is lost.' } },
});
