import { z } from 'zod';
import { publicAccess } from './access-contract.ts';
import { defineOperation } from './operation-contract.ts';

export const getHealth = defineOperation({
  method: 'get',
  path: '/healthz',
  operationId: 'getHealth',
  tag: 'health',
  summary: 'Whether the process lives',
  description: 'Says nothing about what it depends on: a supervisor restarts a process that fails this.',
  access: publicAccess('load balancers and supervisors have no credentials, and it reveals nothing'),
  responses: {
    200: { description: 'It lives', body: z.object({ status: z.literal('ok') }).meta({ id: 'Health' }) },
  },
  errors: [],
  unlimited: true,
});

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    checks: z.record(z.string(), z.enum(['ok', 'failing'])),
  })
  .meta({ id: 'Readiness' });

export const getReadiness = defineOperation({
  method: 'get',
  path: '/readyz',
  operationId: 'getReadiness',
  tag: 'health',
  summary: 'Whether requests should be sent here',
  description: 'Asks every dependency. Not ready as well while the process drains before it stops.',
  access: publicAccess('load balancers have no credentials, and it names only whether parts answer'),
  responses: {
    200: { description: 'Ready', body: readinessSchema },
    503: { description: 'Not ready', body: readinessSchema },
  },
  errors: [],
  unlimited: true,
});
