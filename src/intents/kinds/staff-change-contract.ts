import { z } from 'zod';
import { STAFF_ROLES } from '../../shared/index.ts';
import { idText, plainText } from '../fields-contract.ts';
import { envelope } from './envelope-contract.ts';

/** What a member of staff may do in the application. */
export const standingSchema = z.strictObject({
  /** Each once, in alphabetical order: one spelling. */
  roles: z
    .array(z.enum(STAFF_ROLES))
    .refine((roles) => roles.every((role, index) => index === 0 || (roles[index - 1] ?? '') < role), {
      error: 'each role once, in alphabetical order',
    }),
  suspended: z.boolean(),
});

/** Gives a member of staff more to do: roles, or the account back after a suspension. */
export const staffChangeIntentSchema = z.strictObject({
  ...envelope,
  kind: z.literal('staff_change'),
  requester: idText('staff'),
  body: z.strictObject({
    staff: idText('staff'),
    /** Of the account, so that what is approved for one person does not serve another. */
    email: z.email().max(254),
    name: plainText,
    /** The standing that it follows: each has a number of its own, so that an approved change serves once. */
    number: z.int().min(0),
    before: standingSchema,
    after: standingSchema,
    reason: plainText.min(1),
  }),
});

export type StaffChangeIntent = z.infer<typeof staffChangeIntentSchema>;
export type Standing = z.infer<typeof standingSchema>;
