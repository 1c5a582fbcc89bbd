import { z } from 'zod';
import { idField } from '../../http/fields-contract.ts';
import type { WebhookMessage } from '../../http/operation-contract.ts';
import { EVENT_TYPES, eventPosition, type EventType } from '../event-contract.ts';
import { EVENT_DATA } from '../event-data-contract.ts';

const EXAMPLE = {
  id: 'evt_01jd1f0v00e008000000000001',
  timestamp: '2026-01-31T12:00:00.000Z',
  customer: 'cus_01jd1f0v00e008000000000001',
  position: '1024',
} as const;

/** What the subject of each kind of event is, by the first word of its type. */
const SUBJECTS: Readonly<Record<string, string>> = {
  address: 'adr_01jd1f0v00e008000000000001',
  approval: 'int_01jd1f0v00e008000000000001',
  contact: EXAMPLE.customer,
  credential: 'crd_01jd1f0v00e008000000000001',
  customer: EXAMPLE.customer,
  deposit: 'dep_01jd1f0v00e008000000000001',
  legal_hold: 'lgl_01jd1f0v00e008000000000001',
  transfer: 'tr_01jd1f0v00e008000000000001',
  wallet: 'wal_01jd1f0v00e008000000000001',
  webhook: 'whk_01jd1f0v00e008000000000001',
  withdrawal: 'wd_01jd1f0v00e008000000000001',
};

function messageOfType(type: EventType): WebhookMessage {
  const data = EVENT_DATA[type];
  const { description = type, examples } = data.meta() ?? {};
  const [kind = ''] = type.split('.');
  const isOfTheHouse = ['approval', 'alert', 'legal_hold'].includes(kind);
  return {
    name: type,
    summary: description,
    body: z.strictObject({
      id: idField('event').meta({ description: 'Also the `webhook-id` of every attempt' }),
      type: z.literal(type),
      timestamp: z.iso.datetime(),
      subject: z.string().meta({ description: 'Id of what the event is about' }),
      customer: idField('customer').nullable(),
      position: eventPosition,
      data,
    }),
    example: {
      ...EXAMPLE,
      type,
      subject: SUBJECTS[kind] ?? EXAMPLE.id,
      customer: isOfTheHouse ? null : EXAMPLE.customer,
      data: (examples as readonly unknown[] | undefined)?.[0],
    },
  };
}

/** Every message that a webhook may get, by the type of its event. */
export const WEBHOOK_MESSAGES: readonly WebhookMessage[] = EVENT_TYPES.map(messageOfType);
