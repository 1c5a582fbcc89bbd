import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField, timeField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

export const getRestrictionHistory = defineOperation({
  method: 'get',
  path: '/v1/restrictions/{restrictionId}/history',
  operationId: 'getRestrictionHistory',
  tag: 'restrictions',
  summary: 'Who did what to a restriction, when and why; oldest first',
  access: allow(['compliance', 'officer', 'auditor']),
  params: z.strictObject({ restrictionId: idField('restriction') }),
  responses: {
    200: {
      description: 'From the audit log',
      body: z
        .object({
          items: z.array(
            z.object({
              at: timeField,
              actor: z.string(),
              action: z.string(),
              strength: z.string().meta({ description: 'How the actor was recognised' }),
              reason: z.string().nullable(),
            }),
          ),
        })
        .meta({ id: 'RestrictionHistory' }),
    },
  },
  errors: ['restriction_unknown'],
});
