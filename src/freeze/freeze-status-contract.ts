import { allow } from '../http/access-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';
import { freezeStatusSchema } from '../intents/freeze-status-contract.ts';

export const getFreezeStatus = defineOperation({
  method: 'get',
  path: '/v1/freeze-status',
  operationId: 'getFreezeStatus',
  tag: 'restrictions',
  summary: 'What the signer refuses at the moment, signed by it, for stations',
  description:
    'Carry it to the station with the bundles, as `freeze-status-<number>.json`: a station signs nothing without one ' +
    'of the last 24 hours, nothing by an older one than it has seen, and nothing of a customer whom it names.',
  access: allow(['compliance', 'officer', 'auditor']),
  responses: { 200: { description: 'The newest', body: freezeStatusSchema.meta({ id: 'FreezeStatus' }) } },
  errors: ['freeze_status_missing'],
});
