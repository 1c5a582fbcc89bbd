import { z } from 'zod';
import { allow } from '../http/access-contract.ts';
import { idField } from '../http/fields-contract.ts';
import { defineOperation } from '../http/operation-contract.ts';

/** Every kind of event there is, by what it is about. Names are never reused; new ones are added. */
export const EVENT_TYPES = [
  'account.restricted',
  'account.released',
  'address.created',
  'alert.raised',
  'api_key.created',
  'api_key.revoked',
  'approval.escalated',
  'approval.requested',
  'approval.given',
  'approval.refused',
  'chain.held',
  'chain.resumed',
  'contact.changed',
  'credential.added',
  'customer.created',
  'deposit.detected',
  'deposit.quarantined',
  'deposit.credited',
  'deposit.reversed',
  'deposit.confirming',
  'deposit.dropped',
  'drill.failed',
  'drill.overdue',
  'drill.recorded',
  'master_lock.ended',
  'master_lock.recovery_began',
  'master_lock.recovery_completed',
  'master_lock.recovery_ended',
  'master_lock.refused',
  'master_lock.registered',
  'allow_list.changed',
  'destination.added',
  'password.changed',
  'policy.changed',
  'second_factor.added',
  'second_factor.removed',
  'legal_hold.imposed',
  'legal_hold.held',
  'legal_hold.lifted',
  'limit.raised',
  'limit.revoked',
  'staff.changed',
  'transfer.completed',
  'wallet.created',
  'wallet.opened',
  'wallet.failed',
  'wallet.recovery_kit_issued',
  'webhook.changed',
  'webhook.disabled',
  'webhook.test',
  'withdrawal.requested',
  'withdrawal.approved',
  'withdrawal.rejected',
  'withdrawal.cancelled',
  'withdrawal.expired',
  'withdrawal.broadcast',
  'withdrawal.replaced',
  'withdrawal.confirmed',
  'withdrawal.failed',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

export const eventPosition = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,18})$/, { abort: true })
  .refine((text) => BigInt(text) < 2n ** 63n, { error: 'must be below 2^63' })
  .meta({ description: 'A place in the order of events', examples: ['1024'] });

export const eventSchema = z
  .strictObject({
    position: eventPosition,
    id: idField('event'),
    type: z.enum(EVENT_TYPES),
    subject: z.string().describe('Id of what the event is about.'),
    customer: idField('customer')
      .nullable()
      .describe('Whom it concerns, and who may see it; null when it concerns the institution alone.'),
    occurredAt: z.iso.datetime(),
    data: z
      .record(z.string(), z.json())
      .describe('What changed; its members depend on the type, see the webhooks of this document.'),
  })
  .meta({ id: 'Event' });

const eventPageSchema = z
  .strictObject({
    events: z.array(eventSchema),
    next: eventPosition.describe('`after` of the next request, also when nothing has come yet.'),
  })
  .meta({ id: 'EventPage' });

export const MAX_EVENT_PAGE = 500;

export const listEvents = defineOperation({
  method: 'get',
  path: '/v1/events',
  operationId: 'listEvents',
  tag: 'events',
  summary: 'Read events in order',
  description:
    'Everything that webhooks deliver, in one order that never changes. Keep `next` and go on from there: no ' +
    'event is ever skipped or moved, whatever was being written meanwhile. A customer sees the events that ' +
    'concern them; integrators and staff see those of the whole institution, without a gap.',
  access: allow(['customer', 'integrator', 'operator', 'auditor'], 'events:read'),
  query: z.strictObject({
    after: eventPosition.optional().describe('Only events after this position; all when absent.'),
    limit: z
      .codec(z.string().regex(/^[1-9][0-9]{0,2}$/), z.int().min(1).max(MAX_EVENT_PAGE), {
        decode: Number,
        encode: String,
      })
      .optional()
      .meta({ description: 'How many at most, 1 to 500; 100 unless told' }),
  }),
  responses: { 200: { description: 'The next events, perhaps none', body: eventPageSchema } },
  errors: ['events_damaged'],
});
