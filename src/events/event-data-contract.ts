import { z } from 'zod';
import { idField, lineField, satoshisField } from '../http/fields-contract.ts';
import type { EventType } from './event-contract.ts';

/** What `data` holds, by type: closed, so that receivers know every member and a slip is refused when it is written. */
export const EVENT_DATA: { readonly [Type in EventType]?: z.ZodType } = {
  'transfer.completed': z.strictObject({
    direction: z.enum(['sent', 'received']),
    counterparty: idField('customer'),
    amountSats: z.string().refine((text) => satoshisField.safeParse(text).success),
    memo: lineField(140).nullable(),
  }),
  'webhook.disabled': z.strictObject({
    reason: z.enum(['gone', 'failing']),
    failingSince: z.iso.datetime().nullable(),
  }),
  'webhook.test': z.strictObject({ note: z.literal('This is a test.') }),
};
